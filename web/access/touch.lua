-- Notes that a session is used, if it is still there.
-- KEYS[1]  session
-- ARGV[1]  the session as it was read
-- ARGV[2]  the session as it is now
-- Returns 1 if it was there as it was read, else 0.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
