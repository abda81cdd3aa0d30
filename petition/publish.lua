-- Publishes the root of a night, if no other process did meanwhile.
-- KEYS[1]    certificate: when it is there, nothing changes any more
-- KEYS[2]    roots
-- KEYS[3..4] the night's tree and who is in it
-- KEYS[5..]  what is kept no longer
-- ARGV[1]    how many roots there were; ARGV[2] the new one; ARGV[3], [4] for KEYS[3], [4]
-- Returns 1, or 0 if there are others by now; -1 after the purge.
if redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[1]) then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], ARGV[3])
redis.call('SET', KEYS[4], ARGV[4])
for i = 5, #KEYS do redis.call('DEL', KEYS[i]) end
return 1
