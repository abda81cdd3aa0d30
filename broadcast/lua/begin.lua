-- begin: a worker takes a work into its hands.
-- KEYS 1 call, 2 open, 3 own
-- ARGV 1 work, 2 fence, 3 worker
-- Returns 'ok', 'over' (finished, or an old fence), 'owned', or the call's state when it is not running
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 'over' end
-- Its own worker too is told that the work is owned: the worker may have given it up with messages sent
-- and not committed. The sweep then takes it over from itself.
if redis.call('HEXISTS', KEYS[3], ARGV[1]) == 1 then return 'owned' end
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'running' then return state end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2] .. '|' .. ARGV[3])
return 'ok'
