-- Changes signatures of one hundred. What is so already stays as it is.
-- KEYS[1..11]  see common.lua
-- ARGV[1]      what to do: confirm, withdraw, invalidate, restore, advance
-- ARGV[2]      invalidate, restore: number of the bulk; advance: the stage; else ''
-- ARGV[3..6]   only those of the way ('' any), signed from and before (seconds, '' any),
--              by the volunteer ('' any)
-- ARGV[7]      advance: only those of the stage ('' any before it)
-- ARGV[8..]    numbers
-- Returns {1, how many changed}; {-1, 0} after the purge.
local what, value, way, from, before, volunteer, stage = unpack(ARGV, 1, 7)

local function chosen(s)
  return (way == '' or s.way == way) and (from == '' or tonumber(s.at) >= tonumber(from)) and
    (before == '' or tonumber(s.at) < tonumber(before)) and (volunteer == '' or s.volunteer == volunteer)
end

-- Who is late with a bulk that was undone meanwhile makes nothing invalid.
local undone = what == 'invalidate' and redis.call('SISMEMBER', KEYS[11], value) == 1

-- Each takes a state and says whether it changed it.
local act = {
  confirm = function(s)
    if s.confirmed or s.withdrawn then return false end
    s.confirmed = true
    return true
  end,
  withdraw = function(s)
    if s.withdrawn then return false end
    s.withdrawn = true
    return true
  end,
  invalidate = function(s)
    if s.invalid or s.withdrawn or undone then return false end
    s.invalid, s.bulk = true, value
    return true
  end,
  restore = function(s)
    if not s.invalid or s.bulk ~= value then return false end
    s.invalid, s.bulk = false, '0'
    return true
  end,
  advance = function(s)
    if not certain(s) or tonumber(s.stage) >= tonumber(value) or (stage ~= '' and s.stage ~= stage) then return false end
    s.stage = value
    return true
  end,
}

local changed = 0
for i = 8, #ARGV do
  local number = ARGV[i]
  local field = tostring(tonumber(number) % 100)
  local text = redis.call('HGET', KEYS[8], field)
  if text then
    local old, new = parse(text), parse(text)
    if chosen(new) and act[what](new) then
      local person = redis.call('HGET', KEYS[9], field) or '- -'
      enter(number, field, person, old, new)
      if new.withdrawn and not old.withdrawn then
        -- Who withdraws is forgotten: only that somebody did is kept.
        redis.call('HDEL', KEYS[10], field)
        redis.call('HDEL', KEYS[9], field)
        redis.call('HDEL', KEYS[7], (string.match(person, '^%S+')))
      end
      changed = changed + 1
    end
  end
end
raise()
return {1, changed}
