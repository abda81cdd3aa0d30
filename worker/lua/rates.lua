-- rates: how many messages a second a worker sends, by lane. What others said too long ago goes: they have ended.
-- KEYS 1 rates
-- ARGV 1 now (microseconds; '' for Redis's own clock), 2 worker, 3 rates (JSON), 4 how long they are kept (microseconds)
-- Returns 1
local now, kept, all = instant(ARGV[1]), tonumber(ARGV[4]), redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if now - tonumber(string.match(all[i + 1], '^%d+')) > kept then redis.call('HDEL', KEYS[1], all[i]) end
end
redis.call('HSET', KEYS[1], ARGV[2], string.format('%.0f %s', now, ARGV[3]))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', kept / 1000))
return 1
