-- Takes a version of a draft for going out, once.
--
-- KEYS[1] the draft
-- ARGV[1] the version that goes out; ARGV[2] the field that remembers it: out, or
-- out:CALL for the correction of a call
-- Returns 1; 0 when the draft has another version; -1 when it is gone; -2 when it
-- went out already
local version = redis.call('HGET', KEYS[1], 'version')
if not version then
  return -1
end
if version ~= ARGV[1] then
  return 0
end
if redis.call('HGET', KEYS[1], ARGV[2]) == version then
  return -2
end
redis.call('HSET', KEYS[1], ARGV[2], version)
return 1
