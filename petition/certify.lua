-- Writes the certificate of a purge, if it is as it was read.
-- KEYS[1] certificate
-- ARGV[1] text that was read, '' for none; ARGV[2] text to write
-- Returns 1, or 0 if it had changed.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
