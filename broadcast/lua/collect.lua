-- collect: deliveries whose time has come leave the due set as a work of their own: all of them or none,
-- since the work's text names them all, and no delivery may stand in two works.
-- KEYS 1 due, 2 open, 3 the new work, 4... state strings
-- ARGV 1 work, 2 its text; then of four: key (from 4), index, member, attempts behind
-- Returns how many were taken; 0 makes no work, when another collector was quicker or what was read of them
--         has changed since
for at = 3, #ARGV, 4 do
  local i, member = tonumber(ARGV[at + 1]), ARGV[at + 2]
  if not redis.call('ZSCORE', KEYS[1], member) then return 0 end
  local s, attempt = string.byte(redis.call('GETRANGE', KEYS[tonumber(ARGV[at])], i * 4, i * 4 + 3), 1, 2)
  local st = s % 16
  if st ~= DEFERRED and st ~= INDOUBT then
    redis.call('ZREM', KEYS[1], member) -- it has ended meanwhile
    return 0
  end
  if attempt ~= tonumber(ARGV[at + 3]) then return 0 end
end
for at = 5, #ARGV, 4 do redis.call('ZREM', KEYS[1], ARGV[at]) end
redis.call('SET', KEYS[3], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], '1')
return (#ARGV - 2) / 4
