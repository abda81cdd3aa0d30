-- Counts a failure of an address that does not condemn it, once for each call.
-- KEYS[1]  runs of the channel
-- ARGV[1]  key of the address
-- ARGV[2]  id of the call
-- ARGV[3]  now, Unix seconds
-- ARGV[4]  how long a run may take, seconds
-- ARGV[5]  how many calls make a run
-- Returns 1 if the run is complete, else 0. Said again of the same call, the same.
local since, calls, last = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '', '^(%d+)\t(%d+)\t(.*)$')
if not since or tonumber(ARGV[3]) - tonumber(since) > tonumber(ARGV[4]) then
  since, calls, last = ARGV[3], '0', ''
end
calls = tonumber(calls)
if last ~= ARGV[2] then
  calls = calls + 1
  redis.call('HSET', KEYS[1], ARGV[1], since .. '\t' .. calls .. '\t' .. ARGV[2])
end
return calls >= tonumber(ARGV[5]) and 1 or 0
