-- turn: one process at a time reads a mailbox, or looks for alarms.
-- KEYS 1 turn
-- ARGV 1 who asks, 2 for how long from now on (milliseconds; 0 gives the turn up)
-- Returns 1 when it is, or was, who asks; 0 when it is somebody else
local who = redis.call('GET', KEYS[1])
if who and who ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
	redis.call('DEL', KEYS[1])
else
	redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1
