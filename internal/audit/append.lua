-- Appends an entry, if the trail still ends where its writer saw it end.
-- KEYS[1]  entries
-- KEYS[2]  head
-- ARGV[1]  the head that the writer saw, "" for none
-- ARGV[2]  the entry
-- ARGV[3]  the head with it
-- ARGV[4]  index of the entry that the writer's machine has noted, -1 for none
-- ARGV[5]  how that entry begins
-- Returns 0 if another was faster, 1 if it is appended, 2 if it is appended and the noted entry is not there.
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then
  return 0
end
redis.call('RPUSH', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[3])
if ARGV[4] ~= '-1' and string.sub(redis.call('LINDEX', KEYS[1], ARGV[4]) or '', 1, #ARGV[5]) ~= ARGV[5] then
  return 2
end
return 1
