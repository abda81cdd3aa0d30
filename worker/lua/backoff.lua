-- backoff: a gateway or a lane is left alone for a while, twice as long each time in a row. What asks us to go slower
-- learns half the rate of before; reserve lets that grow again.
-- KEYS 1 hold, 2 held
-- ARGV 1 now (microseconds; '' for Redis's own clock), 2 the first wait, 3 the longest (microseconds),
--      4 whether the rate is to blame (0|1), 5 messages a second that are set, 6 that were seen (0: none),
--      7 recovery of a learned rate (microseconds), 8 kind, 9 reason, 10 code, 11 how long after a rate was learned it is not blamed again (microseconds),
--      12 the name in held, 13 how long that says so of who is not tried again (microseconds)
-- Returns how long it waits (microseconds)
local now, first, longest = instant(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local h = redis.call('HMGET', KEYS[1], 'until', 'times', 'since', 'rate', 'from', 'cut')
-- What was under way when the wait began is answered alike: it says nothing new.
if h[1] and tonumber(h[1]) > now then return tonumber(h[1]) - now end
local times = tonumber(h[2] or '0')
local wait = math.max(math.min(first * 2 ^ times, longest), first)
local till, since, kept = string.format('%.0f', now + wait), h[3] or string.format('%.0f', now), tonumber(ARGV[13])
redis.call('HSET', KEYS[1], 'until', till, 'times', times + 1, 'since', since)
local others = redis.call('HGETALL', KEYS[2])
for i = 1, #others, 2 do
  if tonumber(string.match(others[i + 1], '^%d+')) + kept < now then redis.call('HDEL', KEYS[2], others[i]) end
end
redis.call('HSET', KEYS[2], ARGV[12], table.concat({till, since, ARGV[8], ARGV[9], ARGV[10]}, '|'))
-- Where the wait is short, what was under way comes back after it: answers of one wave blame the rate once.
if ARGV[4] == '1' and now >= tonumber(h[6] or '0') + tonumber(ARGV[11]) then
  local rate, set = learned(tonumber(h[4] or nil), tonumber(h[5] or nil), now, tonumber(ARGV[7])), tonumber(ARGV[5])
  if set > 0 and (not rate or set < rate) then rate = set end
  rate = rate or tonumber(ARGV[6])
  -- A tenth of a message a second still shows when it takes them again.
  if rate > 0 then redis.call('HSET', KEYS[1], 'rate', string.format('%.6f', math.max(rate / 2, 0.1)), 'from', string.format('%.0f', now + wait), 'cut', string.format('%.0f', now)) end
end
local expiry = (wait + kept) / 1000
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', expiry))
redis.call('PEXPIRE', KEYS[2], string.format('%.0f', math.max(expiry, redis.call('PTTL', KEYS[2]))))
return string.format('%.0f', wait)
