-- unplace: a batch gives its place up, and the one that has stood in line longest may have it.
-- KEYS 1 places in use, 2 line
-- ARGV 1 now (microseconds; '' for Redis's own clock), 2 how many there are, 3 how long one holds unless renewed
--      (microseconds), 4 the batch, 5 whether the next is let in (0|1)
-- Returns the next batch, for which the place is kept; '' when there is none
local now = instant(ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if ARGV[5] == '0' or redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return '' end
local first = redis.call('ZPOPMIN', KEYS[2])
if not first[1] then return '' end
occupy(KEYS[1], now, ARGV[3], first[1])
return first[1]
