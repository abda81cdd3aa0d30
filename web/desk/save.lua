-- Saves a draft, unless it was changed since its editor read it.
--
-- KEYS[1] the draft, KEYS[2] its files, KEYS[3] the index of all drafts
-- ARGV[1] id, ARGV[2] the version that the editor began with (0: it is new),
-- ARGV[3] the time in milliseconds, ARGV[4] head and ARGV[5] files, both sealed for
-- the version after ARGV[2]
-- Returns 1; 0 when the draft has another version; -1 when it is gone
local version = redis.call('HGET', KEYS[1], 'version')
if not version and ARGV[2] ~= '0' then
  return -1
end
if (version or '0') ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'version', string.format('%d', ARGV[2] + 1), 'head', ARGV[4])
redis.call('SET', KEYS[2], ARGV[5])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
return 1
