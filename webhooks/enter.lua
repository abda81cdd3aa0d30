-- Enters what is to be told of a turn of a call or an alarm, once.
--
-- KEYS[1] up to which of its turns it is told, KEYS[2] deliveries by when they are
-- due, KEYS[3...] a delivery each
-- ARGV[1] the turn, counted from 1, ARGV[2] now (ms), ARGV[3] how long KEYS[1] and
-- ARGV[4] how long a delivery is kept (s), then of each delivery its name and what it holds
-- Returns 1; 0 when it was entered before
if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
for i = 3, #KEYS do
  local at = 5 + (i - 3) * 2
  redis.call('SET', KEYS[i], ARGV[at + 1], 'EX', ARGV[4])
  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[at])
end
return 1
