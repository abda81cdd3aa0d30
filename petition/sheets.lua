-- Writes sheets and their counters, all or nothing: nothing where one is not as it was
-- read.
-- KEYS[1] certificate: when it is there, nothing changes any more
-- KEYS[2] counts; KEYS[3] sheets; KEYS[4] labels
-- ARGV[1] how many sheets follow, each as number, text that was read ('' for a new one),
--         text to write, sealed label ('' to leave it); then pairs of counter and change
-- Returns 1, or 0 if something had changed; -1 after the purge.
if redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
local last = tonumber(ARGV[1]) * 4 + 1
for i = 2, last, 4 do
  if (redis.call('HGET', KEYS[3], ARGV[i]) or '') ~= ARGV[i + 1] then return 0 end
end
for i = 2, last, 4 do
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 2])
  if ARGV[i + 3] ~= '' then redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 3]) end
end
for i = last + 1, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1])
end
return 1
