-- held: how gateways and lanes stand that may be left alone.
-- KEYS one each: its hold
-- ARGV 1 now (microseconds; '' for Redis's own clock)
-- Returns three for each: how long it still waits (microseconds), 1 until it has taken something again (else 0), 1 if a rate was
--         learned when it last waited (else 0)
local now, out = instant(ARGV[1]), {}
for i = 1, #KEYS do
  local h = redis.call('HMGET', KEYS[i], 'until', 'since', 'rate')
  out[#out + 1] = math.max(tonumber(h[1] or '0') - now, 0)
  out[#out + 1] = h[2] and 1 or 0
  out[#out + 1] = h[3] and 1 or 0
end
return out
