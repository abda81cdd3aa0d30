-- calm: a gateway or a lane has taken messages again after it was left alone. A rate that was learned stays.
-- KEYS 1 hold
-- ARGV 1 now (microseconds; '' for Redis's own clock)
-- Returns 1, or 0 when it is being left alone
local till = redis.call('HGET', KEYS[1], 'until')
if till and tonumber(till) > instant(ARGV[1]) then return 0 end
redis.call('HDEL', KEYS[1], 'until', 'times', 'since', 'kind', 'reason', 'code')
return 1
