-- renew: a worker lives, and so do the places of its batches.
-- KEYS one a place: the places in use of its lane
-- ARGV 1 now (microseconds; '' for Redis's own clock), 2 how long a place holds unless renewed (microseconds); then one a place: its batch
-- Returns for each 1, or 0 when it has ended, and may be another's by now
local now, out = instant(ARGV[1]), {}
for i = 1, #KEYS do
  out[i] = tonumber(redis.call('ZSCORE', KEYS[i], ARGV[2 + i]) or '0') > now and 1 or 0
  if out[i] == 1 then occupy(KEYS[i], now, ARGV[2], ARGV[2 + i]) end
end
return out
