-- Settles what waits, or notes that one signature more was entered from it.
-- KEYS[1] certificate: when it is there, nothing changes any more
-- KEYS[2] what waits; KEYS[3] what was settled; KEYS[4] bytes of all faxes that wait
-- KEYS[5] the fax
-- ARGV[1] id; ARGV[2] signatures entered, as it was read; ARGV[3] as they are now
-- ARGV[4] the outcome, '' while it goes on waiting
-- Returns 1, or 0 if it is not as it was read; -1 after the purge.
if redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
local text = redis.call('HGET', KEYS[2], ARGV[1])
if not text then return 0 end
local entered, record = string.match(text, '^(%d+) (.*)$')
if entered ~= ARGV[2] then return 0 end
if ARGV[4] == '' then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3] .. ' ' .. record)
  return 1
end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[4])
local bytes = redis.call('STRLEN', KEYS[5])
if bytes > 0 then
  redis.call('DECRBY', KEYS[4], bytes)
  redis.call('DEL', KEYS[5])
end
return 1
