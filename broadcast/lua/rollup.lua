-- rollup: the flow by minute of long ago becomes flow by hour.
-- KEYS 1 minutes
-- ARGV 1 minutes before this one (since 1970) are rolled up
-- Returns how many fields went into their hours
local flow, before, n = redis.call('HGETALL', KEYS[1]), tonumber(ARGV[1]), 0
for i = 1, #flow, 2 do
  local minute, rest = string.match(flow[i], '^(%d+)(:.*)$')
  minute = tonumber(minute)
  if minute < before and minute % 60 ~= 0 then
    redis.call('HINCRBY', KEYS[1], string.format('%d', minute - minute % 60) .. rest, flow[i + 1])
    redis.call('HDEL', KEYS[1], flow[i])
    n = n + 1
  end
end
return n
