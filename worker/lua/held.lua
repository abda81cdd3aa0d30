-- held: how gateways and lanes stand that may be left alone.
-- KEYS one each: its hold
-- ARGV 1 now (microseconds; '' for Redis's own clock)
-- Returns six texts for each: how long it still waits (microseconds), since when it is left alone (microseconds, '' once it has
--         taken something again), the rate that was learned at the last wait ('': none), kind, reason and code
local now, out = instant(ARGV[1]), {}
for i = 1, #KEYS do
  local h = redis.call('HMGET', KEYS[i], 'until', 'since', 'rate', 'kind', 'reason', 'code')
  out[#out + 1] = string.format('%.0f', math.max(tonumber(h[1] or '0') - now, 0))
  out[#out + 1] = h[2] or ''
  out[#out + 1] = h[3] or ''
  out[#out + 1] = h[4] or ''
  out[#out + 1] = h[5] or ''
  out[#out + 1] = h[6] or ''
end
return out
