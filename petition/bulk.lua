-- Notes a bulk of signatures that are to be invalid, and that this is to be done.
-- KEYS[1] certificate: when it is there, nothing changes any more
-- KEYS[2] bulks; KEYS[3] what is to be done
-- ARGV[1] the bulk
-- Returns its number; -1 after the purge.
if redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
local id = redis.call('HLEN', KEYS[2]) + 1
redis.call('HSET', KEYS[2], id, ARGV[1])
redis.call('SADD', KEYS[3], id .. ' invalidate')
return id
