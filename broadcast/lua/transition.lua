-- transition: a call goes from one state to another, unless it stands elsewhere.
-- KEYS 1 call
-- ARGV 1 from, 2 to, 3 now (ms), then pairs of field and value to set with it
-- Returns the state found, '' when there is no such call
local state = redis.call('HGET', KEYS[1], 'state') or ''
if state == ARGV[1] then
  become(KEYS[1], ARGV[2], ARGV[3])
  for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
return state
