-- Counts lists, and who of each can be written to.
-- KEYS[1]     scratch
-- KEYS[2..4]  bitmaps ok, of the channels
-- KEYS[5..]   bitmaps of the lists
-- Returns four numbers a list: all, and those who can be written to, by channel.
local sizes = {}
for i = 5, #KEYS do
  sizes[#sizes + 1] = redis.call('BITCOUNT', KEYS[i])
  for ch = 2, 4 do
    redis.call('BITOP', 'AND', KEYS[1], KEYS[i], KEYS[ch])
    sizes[#sizes + 1] = redis.call('BITCOUNT', KEYS[1])
  end
end
redis.call('DEL', KEYS[1])
return sizes
