-- Takes deliveries that are due. Who took one and dies gives it back by being late.
--
-- KEYS[1] deliveries by when they are due
-- ARGV[1] now (ms), ARGV[2] until when they are taken (ms), ARGV[3] how many at most
-- Returns their names
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, name in ipairs(due) do
  redis.call('ZADD', KEYS[1], ARGV[2], name)
end
return due
