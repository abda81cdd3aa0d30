-- release: a worker puts a work back, for later or for another.
-- KEYS 1 call, 2 open, 3 own, 4 later, 5 asleep (with ARGV 6)
-- ARGV 1 work, 2 fence, 3 fence|worker, 4 next fence, 5 not before (ms, or ''); when quiet hours are why:
--      6 channel|until|place, 7 how many deliveries wait
-- Returns {the call's state, 1 if it was this worker's}
local mine = 0
if redis.call('HGET', KEYS[3], ARGV[1]) == ARGV[3] then
  mine = 1
  redis.call('HDEL', KEYS[3], ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
  if ARGV[5] ~= '' then redis.call('ZADD', KEYS[4], ARGV[5], ARGV[1]) end
  if ARGV[6] then redis.call('HINCRBY', KEYS[5], ARGV[6], ARGV[7]) end
end
return {redis.call('HGET', KEYS[1], 'state'), mine}
