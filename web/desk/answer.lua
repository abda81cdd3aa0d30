-- Notes by which call the addressee's answer goes out, unless another is noted by now.
-- KEYS[1] the answer
-- ARGV[1] the call that was read, '' for none; ARGV[2] the one to write
-- Returns 1, or 0 if it had changed.
if (redis.call('HGET', KEYS[1], 'call') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'call', ARGV[2])
return 1
