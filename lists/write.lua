-- Writes contacts: records, index, bitmaps and names, all or nothing. Nothing is
-- written when a record or an index entry is not as it was read.
-- KEYS[1..18]   for each channel: suppression; bitmap ok; bitmaps out, for the
--               reasons o, c, b, x
-- KEYS[19..]    whatever else the entries below name, as k, by position
-- ARGV[1..6]    number of entries of each kind that follow, in this order:
--   index       k, field, value: the field must hold the value, '' none
--   record      k, field, nonce: the record's bytes 2 to 13 must be the nonce
--   hash        k, field, value: set the field; '' removes it
--   bit         k, number, 0 or 1
--   name        k, name: add to the set
--   eligible    channel (1..3), number, key of the address or '', 1 if address
--               and consent are there, 1 if the contact is new
-- Returns 1, or 0 if something had changed.
local at = 7
local function each(i, width, f)
  for _ = 1, tonumber(ARGV[i]) do
    if f(at) == false then
      return false
    end
    at = at + width
  end
  return true
end
local function key(i) return KEYS[tonumber(ARGV[i])] end

local same = each(1, 3, function(i)
  return (redis.call('HGET', key(i), ARGV[i + 1]) or '') == ARGV[i + 2]
end) and each(2, 3, function(i)
  local record = redis.call('HGET', key(i), ARGV[i + 1])
  return record ~= false and string.sub(record, 2, 13) == ARGV[i + 2]
end)
if not same then
  return 0
end
each(3, 3, function(i)
  if ARGV[i + 2] == '' then
    redis.call('HDEL', key(i), ARGV[i + 1])
  else
    redis.call('HSET', key(i), ARGV[i + 1], ARGV[i + 2])
  end
end)
each(4, 3, function(i) redis.call('SETBIT', key(i), ARGV[i + 1], ARGV[i + 2]) end)
each(5, 2, function(i) redis.call('SADD', key(i), ARGV[i + 1]) end)
each(6, 5, function(i)
  local base = (tonumber(ARGV[i]) - 1) * 6
  local number, fresh = ARGV[i + 1], ARGV[i + 4] == '1'
  local lines = ''
  if ARGV[i + 2] ~= '' then
    lines = '\n' .. (redis.call('HGET', KEYS[base + 1], ARGV[i + 2]) or '')
  end
  local ok = ARGV[i + 3]
  for r = 1, 4 do
    local out = #lines > 1 and string.find(lines, '\n' .. string.sub('ocbx', r, r) .. '\t', 1, true)
    if out then
      ok = '0'
    end
    if out or not fresh then
      redis.call('SETBIT', KEYS[base + 2 + r], number, out and 1 or 0)
    end
  end
  if ok == '1' or not fresh then
    redis.call('SETBIT', KEYS[base + 2], number, ok)
  end
end)
return 1
