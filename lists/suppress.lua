-- Suppresses an address for one reason, in the record and in the bitmaps of
-- every contact that has it. The first suppression for a reason stands.
-- KEYS[1]  suppression of the channel
-- KEYS[2]  bucket of the address index
-- KEYS[3]  bitmap: out, of channel and reason
-- KEYS[4]  bitmap: ok, of the channel
-- ARGV[1]  key of the address
-- ARGV[2]  field in the bucket
-- ARGV[3]  letter of the reason
-- ARGV[4]  the line to keep
-- Returns 1 if the address was not suppressed for this reason yet, else 0.
local old = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if string.find('\n' .. old, '\n' .. ARGV[3] .. '\t', 1, true) then
  return 0
end
local lines = ARGV[4]
if old ~= '' then
  lines = old .. '\n' .. lines
end
redis.call('HSET', KEYS[1], ARGV[1], lines)
local numbers = redis.call('HGET', KEYS[2], ARGV[2]) or ''
for n in string.gmatch(numbers, '%d+') do
  redis.call('SETBIT', KEYS[3], n, 1)
  redis.call('SETBIT', KEYS[4], n, 0)
end
return 1
