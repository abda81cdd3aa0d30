-- save: the book of alarms is saved, unless somebody changed it meanwhile.
-- KEYS 1 book
-- ARGV 1 the version that was read ("0": there was none), 2 the book
-- Returns 1 when it is saved, 0 when it has another version by now
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', string.format('%d', ARGV[1] + 1), 'book', ARGV[2])
return 1
