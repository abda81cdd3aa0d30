-- Shared head of the scripts that change signatures. Each changes the signatures of
-- one hundred, and the counters with them.
-- KEYS[1] certificate: when it is there, nothing changes any more
-- KEYS[2..4] counts; by day; by volunteer
-- KEYS[5] bitmap standing; KEYS[6] alike; KEYS[7] same
-- KEYS[8..10] of the hundred: states, persons, records
-- KEYS[11] bulks that were undone
if redis.call('EXISTS', KEYS[1]) == 1 then return {-1, 0} end

local FLAGS = {c = 'confirmed', w = 'withdrawn', i = 'invalid'}

-- parse reads the state of a signature: way, stage, flags, seconds, day, volunteer,
-- bulk, region. Signature.state in Go writes and reads the same.
local function parse(text)
  local s = {}
  local flags
  s.way, s.stage, flags, s.at, s.day, s.volunteer, s.bulk, s.region = string.match(text, '^(%S+) (%d) (%S+) (%d+) (%S+) (%d+) (%d+) (%S+)$')
  for letter, name in pairs(FLAGS) do s[name] = string.find(flags, letter, 1, true) ~= nil end
  return s
end

local function format(s)
  local flags = '-' .. (s.confirmed and 'c' or '') .. (s.withdrawn and 'w' or '') .. (s.invalid and 'i' or '')
  return table.concat({s.way, s.stage, flags, s.at, s.day, s.volunteer, s.bulk, s.region}, ' ')
end

-- certain says whether a signature counts in "at least".
local function certain(s) return s.confirmed and not s.withdrawn and not s.invalid end

local changes = {[KEYS[2]] = {}, [KEYS[3]] = {}, [KEYS[4]] = {}}

local function add(key, field, n) changes[key][field] = (changes[key][field] or 0) + n end

-- weigh puts a signature on the counters (n = 1), or takes it off (n = -1).
local function weigh(s, n)
  local what = s.withdrawn and 'withdrawn' or s.invalid and 'invalid' or s.confirmed and 'confirmed' or 'unconfirmed'
  add(KEYS[2], what .. ':' .. s.way, n)
  if what == 'invalid' then add(KEYS[2], 'bulk:' .. s.bulk, n) end
  if what == 'confirmed' then
    add(KEYS[2], 'stage:' .. s.stage, n)
    add(KEYS[2], 'region:' .. s.region, n)
    add(KEYS[3], s.day .. ' ' .. s.way, n)
    if s.volunteer ~= '0' then add(KEYS[4], s.volunteer, n) end
  end
end

-- group changes by n how many certain signatures of a way a group has: those of one
-- name, region and district. What a group adds to the counters depends on what is
-- in it, and never on the order in which it came.
local function group(name, way, n)
  local function count(by, sign)
    local total = 0
    for _, m in pairs(by) do total = total + m end
    if total > 0 then add(KEYS[2], 'groups', sign) end
    if total > 1 then
      for w, m in pairs(by) do add(KEYS[2], 'alike:' .. w, sign * m) end
    end
  end
  local by, kept = {}, {}
  for w, m in string.gmatch(redis.call('HGET', KEYS[6], name) or '', '(%a+)=(%d+)') do by[w] = tonumber(m) end
  count(by, -1)
  by[way] = (by[way] or 0) + n
  count(by, 1)
  for w, m in pairs(by) do
    if m > 0 then kept[#kept + 1] = w .. '=' .. m end
  end
  table.sort(kept)
  if #kept == 0 then
    redis.call('HDEL', KEYS[6], name)
  else
    redis.call('HSET', KEYS[6], name, table.concat(kept, ' '))
  end
end

-- enter writes a signature's new state beside what follows from it; old is nil for a
-- new one. person is its keyed hashes, "identity group".
local function enter(number, field, person, old, new)
  local name = string.match(person, '%S+$')
  local was, is = old and certain(old), certain(new)
  if old then weigh(old, -1) end
  weigh(new, 1)
  if is and not was then group(name, new.way, 1) end
  if was and not is then group(name, new.way, -1) end
  redis.call('SETBIT', KEYS[5], number, is and 1 or 0)
  redis.call('HSET', KEYS[8], field, format(new))
end

-- raise carries the changes into the counters.
local function raise()
  for key, fields in pairs(changes) do
    for field, n in pairs(fields) do
      if n ~= 0 then redis.call('HINCRBY', key, field, string.format('%d', n)) end
    end
  end
end

