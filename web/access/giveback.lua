-- Takes a try back that was no failure.
-- KEYS     a counter each
-- Returns nothing.
for i = 1, #KEYS do
  if tonumber(redis.call('GET', KEYS[i]) or '0') > 0 then
    redis.call('DECR', KEYS[i])
  end
end
