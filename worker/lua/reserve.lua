-- reserve: hands out the time slots of a group of messages on every limit that holds for it, or of its first part
-- where no gap has room for all. A group goes at once when its slot begins and is charged from there on, so that in no
-- span of time more go than the limit allows for it, and one group.
-- KEYS three a limit: its slots, its hold, its warm-up
-- ARGV 1 now (microseconds; '' for Redis's own clock), 2 messages, 3 messages left in their work,
--      4 farthest ahead, 5 longest line, 6 recovery of a learned rate (all microseconds),
--      7, 8, 9 when today, tomorrow and the day after begin (microseconds);
--      then four a limit: messages a second (0: no limit of its own), and of its warm-up: messages of the first day,
--      of the last, days (0: none)
-- Returns {messages granted, how long to wait (microseconds), when they may go, today, microseconds a message on each limit (0: no limit)};
--         nothing is granted when the wait would be longer than allowed: then it is how long to put the work back for
local now = instant(ARGV[1])
local n, left, most, longest, recovery = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local today, tomorrow = tonumber(ARGV[7]), tonumber(ARGV[8])
if now >= tomorrow then today, tomorrow = tomorrow, tonumber(ARGV[9]) end

local limits, at = {}, now
for i = 1, #KEYS / 3 do
  local l, arg = {}, 6 + 4 * i
  local hold = redis.call('HMGET', KEYS[3 * i - 1], 'until', 'rate', 'from')
  if hold[1] then at = math.max(at, tonumber(hold[1])) end
  local rate, slower = tonumber(ARGV[arg]), learned(tonumber(hold[2] or nil), tonumber(hold[3] or nil), now, recovery)
  if slower and (rate == 0 or slower < rate) then rate = slower end
  l.step, l.busy = 0, nil
  if rate > 0 then l.step, l.busy = 1000000 / rate, taken(KEYS[3 * i - 2], now) end
  local days = tonumber(ARGV[arg + 3])
  if days > 0 then
    local w = redis.call('HMGET', KEYS[3 * i], 'day', 'step', 'sent')
    l.day, l.warm, l.sent = tonumber(w[1] or '0'), tonumber(w[2] or '0'), tonumber(w[3] or '0')
    if today > l.day then l.day, l.warm, l.sent, l.fresh = today, l.warm + 1, 0, true end
    if l.warm <= days then
      local first, last = tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
      local room = math.floor(first * (last / first) ^ ((l.warm - 1) / math.max(days - 1, 1)) + 0.5) - l.sent
      if room < 1 then at = math.max(at, tomorrow) else n = math.min(n, room) end
    end
  end
  limits[i] = l
end
if at - now > most then return {0, at - now} end

-- The first moment that is free on all of them, for a quarter of the group at least: smaller groups are not worth it.
local least, slowest, moved = math.ceil(n / 4), nil, true
while moved do
  moved = false
  for i, l in ipairs(limits) do
    local free = at
    for k = 1, l.busy and #l.busy or 0, 2 do
      if l.busy[k] - free >= least * l.step - 0.5 then break end
      free = math.max(free, l.busy[k + 1])
    end
    if free > at then at, slowest, moved = free, i, true end
  end
end
if at - now > most then
  -- Works that are put back stand in line, each behind the messages of those before it, so that they come when
  -- their turn is near and not all at once. A work whose group alone takes longer than may be reserved ahead sends
  -- one group a turn, and comes again.
  local busy = limits[slowest].busy
  local turn = math.max(math.min(busy.line, now + longest), at)
  local step = limits[slowest].step
  if n * step > most then left = n end
  busy.line = math.min(turn + left * step, now + longest)
  keep(KEYS[3 * slowest - 2], now, busy)
  return {0, turn - now}
end

for _, l in ipairs(limits) do
  for k = 1, l.busy and #l.busy or 0, 2 do
    if l.busy[k] >= at then
      n = math.min(n, math.max(math.floor((l.busy[k] - at) / l.step + 0.001), 1))
      break
    end
  end
end
local answer = {n, at - now, string.format('%.2f', at), string.format('%.0f', today)}
for i, l in ipairs(limits) do
  if l.busy then
    local k = 1
    while k < #l.busy and l.busy[k] < at do k = k + 2 end
    table.insert(l.busy, k, at + n * l.step)
    table.insert(l.busy, k, at)
    keep(KEYS[3 * i - 2], now, l.busy)
  end
  if l.day then
    redis.call('HSET', KEYS[3 * i], 'day', string.format('%.0f', l.day), 'step', string.format('%d', l.warm), 'sent', string.format('%d', l.sent + n))
    -- A month without a message, and receivers have forgotten the sender: it begins anew.
    if l.fresh then redis.call('PEXPIRE', KEYS[3 * i], '2678400000') end
  end
  answer[#answer + 1] = string.format('%.6f', l.step)
end
return answer
