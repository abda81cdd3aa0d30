-- addbatch: planned deliveries leave the frozen audience and enter the ledger. The bits are
-- what makes planning repeatable: a delivery whose bit is gone has been planned.
-- KEYS 1 call, 2 counters, 3 frozen audience, 4 open, 5 the batch, 6 its states
-- ARGV 1 work, 2 its text, 3 channel, 4 lang, 5 lane, 6 deliveries;
--      then pieces of the audience, of four: first byte, last byte, as the planner knows it, as it is to be
-- Returns 'ok', 'planned' when the audience is not what the planner knows, or the call's state when it ends
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'stopping' or state == 'stopped' then return state end
for i = 7, #ARGV, 4 do
  if redis.call('GETRANGE', KEYS[3], ARGV[i], ARGV[i + 1]) ~= ARGV[i + 2] then return 'planned' end
end
for i = 7, #ARGV, 4 do redis.call('SETRANGE', KEYS[3], ARGV[i], ARGV[i + 3]) end
redis.call('SET', KEYS[5], ARGV[2])
redis.call('SET', KEYS[6], string.rep('\0', tonumber(ARGV[6]) * 4))
redis.call('HSET', KEYS[4], ARGV[1], '1')
local n, pending = tonumber(ARGV[6]), ':' .. STATE[PENDING]
raise(KEYS[2], {
  ['u:' .. ARGV[3]] = -n,
  ['c:' .. ARGV[3] .. pending] = n,
  ['l:' .. ARGV[3] .. ':' .. ARGV[4] .. pending] = n,
  ['d:' .. ARGV[3] .. ':' .. ARGV[5] .. pending] = n,
})
return 'ok'
