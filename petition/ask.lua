-- Keeps who is to be asked what a signer must agree to.
-- KEYS[1] certificate: when it is there, nothing changes any more
-- KEYS[2] who was asked on this day
-- ARGV[1] id; ARGV[2] sealed record; ARGV[3] field of the address; ARGV[4] seconds to keep it
-- Returns 1; -1 after the purge.
if redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
