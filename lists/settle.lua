-- Takes out of a channel's audience those whose address another one of it has,
-- and adds the others to who is reached.
-- KEYS[1]  bitmap: the selection
-- KEYS[2]  bitmap: who can be written to on the channel
-- KEYS[3]  scratch
-- KEYS[4]  bitmap: who is reached on some channel
-- KEYS[5]  bitmap of the channel: recorded
-- ARGV[1]  bitmap: whom to take out
-- ARGV[2]  1 to take those reached out of the selection too
-- ARGV[3]  seconds until the temporary keys expire
-- ARGV[4]  1 to return the bitmap
-- Returns how many are left, how many of them have no recorded consent, and the
-- bitmap.
local function without(a, b)
  redis.call('BITOP', 'AND', KEYS[3], a, b)
  redis.call('BITOP', 'XOR', a, a, KEYS[3])
end
if ARGV[1] ~= '' then
  redis.call('SET', KEYS[3], ARGV[1])
  without(KEYS[2], KEYS[3])
end
redis.call('BITOP', 'OR', KEYS[4], KEYS[4], KEYS[2])
if ARGV[2] == '1' then
  without(KEYS[1], KEYS[2])
end
local left = redis.call('BITCOUNT', KEYS[2])
redis.call('BITOP', 'AND', KEYS[3], KEYS[2], KEYS[5])
local recorded = redis.call('BITCOUNT', KEYS[3])
redis.call('DEL', KEYS[3])
for i = 1, 4 do
  redis.call('EXPIRE', KEYS[i], ARGV[3])
end
local bitmap = ''
if ARGV[4] == '1' then
  bitmap = redis.call('GET', KEYS[2]) or ''
end
return {left, left - recorded, bitmap}
