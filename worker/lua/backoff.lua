-- backoff: a gateway or a lane is left alone for a while, twice as long each time in a row. What asks us to go slower
-- learns half the rate of before; reserve lets that grow again.
-- KEYS 1 hold
-- ARGV 1 now (microseconds; '' for Redis's own clock), 2 the first wait, 3 the longest (microseconds),
--      4 whether the rate is to blame (0|1), 5 messages a second that are set, 6 that were seen (0: none),
--      7 recovery of a learned rate (microseconds), 8 kind, 9 reason, 10 code, 11 how long after a rate was learned it is not blamed again (microseconds)
-- Returns how long it waits (microseconds)
local now, first, longest = instant(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local h = redis.call('HMGET', KEYS[1], 'until', 'times', 'since', 'rate', 'from', 'cut')
-- What was under way when the wait began is answered alike: it says nothing new.
if h[1] and tonumber(h[1]) > now then return tonumber(h[1]) - now end
local times = tonumber(h[2] or '0')
local wait = math.max(math.min(first * 2 ^ times, longest), first)
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + wait), 'times', times + 1,
  'since', h[3] or string.format('%.0f', now), 'kind', ARGV[8], 'reason', ARGV[9], 'code', ARGV[10])
-- Where the wait is short, what was under way comes back after it: answers of one wave blame the rate once.
if ARGV[4] == '1' and now >= tonumber(h[6] or '0') + tonumber(ARGV[11]) then
  local rate, set = learned(tonumber(h[4] or nil), tonumber(h[5] or nil), now, tonumber(ARGV[7])), tonumber(ARGV[5])
  if set > 0 and (not rate or set < rate) then rate = set end
  rate = rate or tonumber(ARGV[6])
  -- A tenth of a message a second still shows when it takes them again.
  if rate > 0 then redis.call('HSET', KEYS[1], 'rate', string.format('%.6f', math.max(rate / 2, 0.1)), 'from', string.format('%.0f', now + wait), 'cut', string.format('%.0f', now)) end
end
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', wait / 1000 + 86400000))
return string.format('%.0f', wait)
