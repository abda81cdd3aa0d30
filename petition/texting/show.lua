-- Notes that a volunteer is shown the contact in their hands.
-- KEYS[1]  who is in whose hands
-- ARGV[1]  number of the volunteer
-- ARGV[2]  number of the contact
-- Returns 1, or 0 when the contact is not in these hands.
local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held or string.match(held, '^%d+') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.match(held, '^%d+ %d+') .. ' shown')
return 1
