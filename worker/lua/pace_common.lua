-- Shared head of the scripts of pace. A limit's slots are one string: until when works that were put back stand
-- in line, and then the stretches of time that are taken, first and last of each, ascending; all in microseconds.

-- instant is what the caller says, or Redis's own clock: the one that all machines share.
local function instant(said)
  if said ~= '' then return tonumber(said) end
  local t = redis.call('TIME')
  return t[1] * 1000000 + t[2]
end

-- taken reads a limit's slots, less what is past.
local function taken(key, now)
  local busy, first = {}, nil
  for word in string.gmatch(redis.call('GET', key) or '0', '%S+') do
    local v = tonumber(word)
    if not busy.line then busy.line = v
    elseif not first then first = v
    else
      if v > now then busy[#busy + 1], busy[#busy + 2] = first, v end
      first = nil
    end
  end
  return busy
end

-- keep writes a limit's slots, joining stretches that meet.
local function keep(key, now, busy)
  local words, last = {string.format('%.2f', busy.line)}, now
  for i = 1, #busy, 2 do
    if #words > 1 and busy[i] - last < 0.5 then words[#words] = string.format('%.2f', busy[i + 1])
    else words[#words + 1], words[#words + 2] = string.format('%.2f', busy[i]), string.format('%.2f', busy[i + 1]) end
    last = busy[i + 1]
  end
  redis.call('SET', key, table.concat(words, ' '), 'PX', string.format('%.0f', (math.max(last, busy.line) - now) / 1000 + 60000))
end

-- learned is the rate at which a gateway or a lane that had asked us to go slower is tried now: it began at half of
-- what was too fast, and grows by as much in each recovery. nil: it never asked.
local function learned(rate, from, now, recovery)
  if not rate then return nil end
  return rate * (1 + math.max(now - from, 0) / recovery)
end

-- occupy keeps a place for a batch. A lane's places in use are a sorted set: the batch that has each, and until when
-- (microseconds) unless its worker gives a sign of life before.
local function occupy(places, now, lease, batch)
  redis.call('ZADD', places, string.format('%.0f', now + lease), batch)
  redis.call('PEXPIRE', places, string.format('%.0f', lease / 1000 + 60000))
end
