-- Deletes a draft, unless it was changed since its editor read it.
--
-- KEYS[1] the draft, KEYS[2] its files, KEYS[3] the index of all drafts
-- ARGV[1] id, ARGV[2] the version that the editor saw
-- Returns 1; 0 when the draft has another version; -1 when it is gone
local version = redis.call('HGET', KEYS[1], 'version')
if not version then
  return -1
end
if version ~= ARGV[2] then
  return 0
end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
return 1
