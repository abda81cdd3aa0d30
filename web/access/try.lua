-- Counts a try against several limits, or against none of them.
-- KEYS     a counter each
-- ARGV     two for each counter: limit, and how long it is kept, milliseconds
-- Returns 0 if the try is counted; else the number of a counter that is full,
-- negative when it is found to be so for the first time.
for i = 1, #KEYS do
  local n, limit = tonumber(redis.call('GET', KEYS[i]) or '0'), tonumber(ARGV[2 * i - 1])
  if n == limit then
    redis.call('INCR', KEYS[i])
    return -i
  elseif n > limit then
    return i
  end
end
for i = 1, #KEYS do
  redis.call('INCR', KEYS[i])
  redis.call('PEXPIRE', KEYS[i], ARGV[2 * i])
end
return 0
