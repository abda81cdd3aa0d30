-- place: a batch takes one of the connections that a lane bears, or stands in line for one.
-- KEYS 1 places in use, 2 line
-- ARGV 1 now (microseconds; '' for Redis's own clock), 2 how many there are, 3 how long one holds unless renewed
--      (microseconds), 4 the batch, 5 the batch under the fence that it is put back with
-- Returns how many stand in line before it; -1 when it has a place
local now = instant(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if redis.call('ZSCORE', KEYS[1], ARGV[4]) or redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('ZREM', KEYS[2], ARGV[4], ARGV[5])
  occupy(KEYS[1], now, ARGV[3], ARGV[4])
  return -1
end
local since = redis.call('ZSCORE', KEYS[2], ARGV[4]) or redis.call('ZSCORE', KEYS[2], ARGV[5])
if not since then -- behind all others, whatever the clock says
  local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  since = string.format('%.0f', math.max(now, tonumber(last[2] or '0') + 1))
end
redis.call('ZREM', KEYS[2], ARGV[4])
redis.call('ZADD', KEYS[2], since, ARGV[5])
redis.call('PEXPIRE', KEYS[2], '900000')
return redis.call('ZRANK', KEYS[2], ARGV[5])
