-- Selects an audience: on any of the lists, with any of the tags (if some are
-- named) and any of the languages (if some are named), less those on any list
-- to leave out.
-- KEYS[1]  bitmap: the selection, written here
-- KEYS[2]  scratch
-- KEYS[3]  bitmap: who is reached on some channel, emptied here
-- KEYS[4..] bitmaps: lists, tags, languages, lists to leave out
-- ARGV[1..4]  how many of each
-- ARGV[5]  seconds until the temporary keys expire
-- Returns how many are selected, and how many of the lists to leave out were
-- taken off.
local at = 4
local function take(i)
  local keys = {}
  for _ = 1, tonumber(ARGV[i]) do
    keys[#keys + 1] = KEYS[at]
    at = at + 1
  end
  return keys
end
redis.call('DEL', KEYS[3])
redis.call('BITOP', 'OR', KEYS[1], unpack(take(1)))
for i = 2, 3 do
  local any = take(i)
  if #any > 0 then
    redis.call('BITOP', 'OR', KEYS[2], unpack(any))
    redis.call('BITOP', 'AND', KEYS[1], KEYS[1], KEYS[2])
  end
end
local excluded = 0
local without = take(4)
if #without > 0 then
  -- A without B is A XOR (A AND B): NOT would keep the shorter length.
  redis.call('BITOP', 'OR', KEYS[2], unpack(without))
  redis.call('BITOP', 'AND', KEYS[2], KEYS[1], KEYS[2])
  excluded = redis.call('BITCOUNT', KEYS[2])
  redis.call('BITOP', 'XOR', KEYS[1], KEYS[1], KEYS[2])
end
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('DEL', KEYS[2])
return {redis.call('BITCOUNT', KEYS[1]), excluded}
