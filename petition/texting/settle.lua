-- Takes a contact out of a volunteer's hands, once.
-- KEYS[1]  who is in whose hands
-- KEYS[2]  who waits
-- KEYS[3]  what became of whom
-- KEYS[4]  counters
-- ARGV[1]  number of the volunteer
-- ARGV[2]  number of the contact
-- ARGV[3]  the outcome; "back" gives the contact to another, after all who wait
-- ARGV[4]  the present second
-- Returns 1, or 0 when the contact is not in these hands.
local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held or string.match(held, '^%d+') ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
if ARGV[3] == 'back' then
  redis.call('RPUSH', KEYS[2], ARGV[2])
  return 1
end
redis.call('HSET', KEYS[3], ARGV[2], ARGV[3] .. ' ' .. ARGV[1] .. ' ' .. ARGV[4])
redis.call('HINCRBY', KEYS[4], ARGV[3], 1)
redis.call('HINCRBY', KEYS[4], ARGV[3] .. ':' .. ARGV[1], 1)
return 1
