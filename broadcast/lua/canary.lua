-- canary: the small part of a channel that goes first comes from one phase to the next.
-- KEYS 1 call, 2 who is of that part
-- ARGV 1 channel, 2 phase that it must be in ('' for none), 3 phase to come; then for the first
--      4 the bitmap, 5 how many are in it, or for one that is watched 4 until when (ms)
-- Returns the phase found
local field = 'canary:' .. ARGV[1]
local phase = redis.call('HGET', KEYS[1], field) or ''
if phase ~= ARGV[2] then return phase end
redis.call('HSET', KEYS[1], field, ARGV[3])
if phase == '' then
  redis.call('SET', KEYS[2], ARGV[4])
  redis.call('HSET', KEYS[1], field .. ':size', ARGV[5])
elseif ARGV[4] then
  redis.call('HSET', KEYS[1], field .. ':until', ARGV[4])
end
return phase
