-- calm: a gateway or a lane has taken messages again after it was left alone. A rate that was learned stays.
-- KEYS 1 hold, 2 held
-- ARGV 1 now (microseconds; '' for Redis's own clock), 2 the name in held
-- Returns 1, or 0 when it is being left alone
local till = redis.call('HGET', KEYS[1], 'until')
if till and tonumber(till) > instant(ARGV[1]) then return 0 end
redis.call('HDEL', KEYS[1], 'until', 'times', 'since')
redis.call('HDEL', KEYS[2], ARGV[2])
return 1
