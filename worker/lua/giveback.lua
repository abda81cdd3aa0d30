-- giveback: slots that reserve granted and that no message took are free again.
-- KEYS two a limit: its slots, its warm-up
-- ARGV 1 now (microseconds; '' for Redis's own clock), 2 when they might go, 3 messages granted, 4 messages that went,
--      5 the day they were counted on; then microseconds a message on each limit (0: no limit): all as reserve said
-- Returns nothing
local now, at, granted, went = instant(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
for i = 1, #KEYS / 2 do
  local step, slots, warm = tonumber(ARGV[5 + i]), KEYS[2 * i - 1], KEYS[2 * i]
  local first, last = math.max(at + went * step, now), at + granted * step
  if step > 0 and last - first > 0.5 then
    local busy = taken(slots, now)
    local rest = {line = busy.line}
    for k = 1, #busy, 2 do
      local s, e = busy[k], busy[k + 1]
      if s < first and e > s then rest[#rest + 1], rest[#rest + 2] = s, math.min(e, first) end
      if e > last then rest[#rest + 1], rest[#rest + 2] = math.max(s, last), e end
    end
    keep(slots, now, rest)
  end
  if redis.call('HGET', warm, 'day') == ARGV[5] then redis.call('HINCRBY', warm, 'sent', went - granted) end
end
