-- rollup: the flow by minute of a while ago becomes flow by longer spans, as short as the points allow. A field
-- is minute:channel:state, or minute/span:channel:state with the span in minutes.
-- KEYS 1 minutes
-- ARGV 1 what began before this minute (since 1970) is rolled up, 2 how many points in time it may have then
-- Returns how many fields went into others
local flow, before, most = redis.call('HGETALL', KEYS[1]), tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest, span, n = before, 10, 0
for i = 1, #flow, 2 do oldest = math.min(oldest, tonumber(string.match(flow[i], '^%d+'))) end
while math.floor(before / span) - math.floor(oldest / span) >= most do span = span * 2 end
for i = 1, #flow, 2 do
  local minute, rest = string.match(flow[i], '^(%d+)[/%d]*(:.*)$')
  minute = tonumber(minute)
  if minute < before then
    local field = string.format('%d/%d', minute - minute % span, span) .. rest
    if field ~= flow[i] then
      redis.call('HINCRBY', KEYS[1], field, flow[i + 1])
      redis.call('HDEL', KEYS[1], flow[i])
      n = n + 1
    end
  end
end
return n
