-- takeup: a work that waits for a time is taken up before that.
-- KEYS 1 call, 2 open, 3 later
-- ARGV 1 work, 2 fence
-- Returns 1 if it waited under that fence, and its call is running
if redis.call('HGET', KEYS[1], 'state') ~= 'running' or redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('ZREM', KEYS[3], ARGV[1])
