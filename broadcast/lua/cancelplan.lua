-- cancelplan: a stopped call gives up what was not yet planned. The bits of the frozen audience stay:
-- they are those deliveries' place in the ledger.
-- KEYS 1 call, 2 counters, 3 minutes, 4 open, 5 own
-- ARGV 1 work, 2 minute, 3... channels
-- Returns how many deliveries were cancelled, -1 when a planner is at work or the call is not stopping
if redis.call('HGET', KEYS[1], 'state') ~= 'stopping' or redis.call('HEXISTS', KEYS[5], ARGV[1]) == 1 then return -1 end
local n = 0
for i = 3, #ARGV do
  local u = tonumber(redis.call('HGET', KEYS[2], 'u:' .. ARGV[i]) or '0')
  if u > 0 then
    redis.call('HSET', KEYS[2], 'u:' .. ARGV[i], 0)
    redis.call('HINCRBY', KEYS[2], 'c:' .. ARGV[i] .. ':' .. CANCELLED, u)
    redis.call('HINCRBY', KEYS[3], ARGV[2] .. ':' .. ARGV[i] .. ':' .. CANCELLED, u)
    n = n + u
  end
end
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('HINCRBY', KEYS[1], 'unplanned', n) -- done twice at once, it adds nothing
return n
