-- refence: an open work that nobody holds gets the next fence.
-- KEYS 1 open, 2 own
-- ARGV 1 work, 2 fence, 3 next fence
-- Returns 1 if it was so
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] or redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
