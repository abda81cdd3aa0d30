-- Saves changes of the team, if nobody changed it since it was read.
-- KEYS[1]  team
-- KEYS[2…] the hashes that change
-- ARGV[1]  revision of the team as it was read, "" for none
-- ARGV[2…] four for each change: number of the hash in KEYS, field, 1 to set it or 0 to take it out, value
-- Returns 1 if it is saved, else 0.
if (redis.call('HGET', KEYS[1], 'revision') or '') ~= ARGV[1] then
  return 0
end
redis.call('HINCRBY', KEYS[1], 'revision', 1)
for i = 2, #ARGV, 4 do
  local key = KEYS[tonumber(ARGV[i])]
  if ARGV[i + 2] == '1' then
    redis.call('HSET', key, ARGV[i + 1], ARGV[i + 3])
  else
    redis.call('HDEL', key, ARGV[i + 1])
  end
end
return 1
