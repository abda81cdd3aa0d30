-- Takes back those suppressions of an address that match, and makes the contacts
-- that have it eligible again when none is left.
-- KEYS[1]     suppression of the channel
-- KEYS[2]     bucket of the address index
-- KEYS[3..5]  bitmaps of the channel: has, consent, ok
-- KEYS[6..9]  bitmaps of the channel: out, for the reasons o, c, b, x
-- ARGV[1]     key of the address
-- ARGV[2]     field in the bucket
-- ARGV[3..5]  letter of the reason, source, call: '' matches any
-- ARGV[6..7]  since: from and until, in Unix seconds; '' matches any
-- Returns how many suppressions it took back.
local old = redis.call('HGET', KEYS[1], ARGV[1])
if not old then
  return 0
end
local from, till = tonumber(ARGV[6]), tonumber(ARGV[7])
local kept, gone = {}, {}
for line in string.gmatch(old, '[^\n]+') do
  local letter, since, call, source = string.match(line, '^(%a)\t(-?%d+)\t[^\t]*\t([^\t]*)\t([^\t]*)')
  since = tonumber(since)
  if letter and (ARGV[3] == '' or ARGV[3] == letter) and (ARGV[4] == '' or ARGV[4] == source)
    and (ARGV[5] == '' or ARGV[5] == call) and (not from or since >= from) and (not till or since < till) then
    gone[#gone + 1] = string.find('ocbx', letter, 1, true)
  else
    kept[#kept + 1] = line
  end
end
if #gone == 0 then
  return 0
end
if #kept == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], table.concat(kept, '\n'))
end
local numbers = redis.call('HGET', KEYS[2], ARGV[2]) or ''
for n in string.gmatch(numbers, '%d+') do
  for _, i in ipairs(gone) do
    redis.call('SETBIT', KEYS[5 + i], n, 0)
  end
  if #kept == 0 and redis.call('GETBIT', KEYS[3], n) == 1 and redis.call('GETBIT', KEYS[4], n) == 1 then
    redis.call('SETBIT', KEYS[5], n, 1)
  end
end
return #gone
