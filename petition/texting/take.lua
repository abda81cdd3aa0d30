-- Gives a volunteer the contact in their hands, or the next one.
-- KEYS[1]  who is in whose hands
-- KEYS[2]  who waits
-- ARGV[1]  number of the volunteer
-- ARGV[2]  the present second
-- ARGV[3]  1 while the round is open
-- Returns what is in their hands, "contact second", with " shown" once they saw it; '' for nobody
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held then return held end
local number = ARGV[3] == '1' and redis.call('LPOP', KEYS[2])
if not number then return '' end
held = number .. ' ' .. ARGV[2]
redis.call('HSET', KEYS[1], ARGV[1], held)
return held
