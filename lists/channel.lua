-- Finds who of a selection can be written to on a channel, and counts the others
-- by the first reason that leaves them out.
-- KEYS[1]     bitmap: the selection
-- KEYS[2]     bitmap: who can be written to, written here
-- KEYS[3]     scratch
-- KEYS[4]     bitmap: of the selection only these; the selection itself for all
-- KEYS[5..7]  bitmaps of the channel: has, consent, shared
-- KEYS[8..]   bitmaps of the channel: out, in the order in which they count
-- ARGV[1]     seconds until the temporary keys expire
-- Returns the bitmap of those with an address that others have too; then the
-- sizes: the selection on the channel, without an address, one for each bitmap out,
-- without consent.
local left, scratch = KEYS[2], KEYS[3]
local function count(key) return redis.call('BITCOUNT', key) end
redis.call('BITOP', 'AND', left, KEYS[1], KEYS[4])
local sizes = {'', count(left)}
local function keep(bitmap, from)
  local before = count(from)
  redis.call('BITOP', 'AND', left, from, bitmap)
  return before - count(left)
end
sizes[3] = keep(KEYS[5], left)
for i = 8, #KEYS do
  redis.call('BITOP', 'AND', scratch, left, KEYS[i])
  sizes[#sizes + 1] = count(scratch)
  redis.call('BITOP', 'XOR', left, left, scratch)
end
sizes[#sizes + 1] = keep(KEYS[6], left)
redis.call('BITOP', 'AND', scratch, left, KEYS[7])
if count(scratch) > 0 then
  sizes[1] = redis.call('GET', scratch)
end
redis.call('DEL', scratch)
redis.call('EXPIRE', left, ARGV[1])
return sizes
