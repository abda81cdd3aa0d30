-- transition: a call goes from one state to another, unless it stands elsewhere.
-- KEYS 1 call
-- ARGV 1 from, 2 to, then pairs of field and value to set with it
-- Returns the state found, '' when there is no such call
local state = redis.call('HGET', KEYS[1], 'state') or ''
if state == ARGV[1] then
  redis.call('HSET', KEYS[1], 'state', ARGV[2])
  for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
return state
