-- cancel: a stopped call gives up a work that nobody holds.
-- KEYS 1 call, 2 counters, 3 minutes, 4 open, 5 own, 6... state strings
-- ARGV 1 work, 2 channel, 3 lang, 4 lane, 5 minute, 6 further attempt (0|1), 7 runs;
--      each run: key (from 6), start, count, attempts behind each (one byte a delivery)
-- Returns how many deliveries were cancelled, -1 when a worker holds the work or the call is not stopping
if redis.call('HGET', KEYS[1], 'state') ~= 'stopping' or redis.call('HEXISTS', KEYS[5], ARGV[1]) == 1 then return -1 end
local again, moves, n = ARGV[6] == '1', {}, 0
for r = 0, tonumber(ARGV[7]) - 1 do
  local at = 8 + r * 4
  local key, start, size, behind = KEYS[tonumber(ARGV[at])], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3]
  local old, new = redis.call('GETRANGE', key, start * 4, (start + size) * 4 - 1), {}
  for i = 0, size - 1 do
    local s, attempt, g, reason = string.byte(old, i * 4 + 1, i * 4 + 4)
    local st = s % 16
    local ok
    if again then ok = st == DEFERRED and attempt == string.byte(behind, i + 1) else ok = st == PENDING end
    if ok then
      n = n + 1
      move(moves, st, g, reason, CANCELLED, g, reason)
      new[#new + 1] = string.char(s - st + CANCELLED, attempt, g, reason)
    else
      new[#new + 1] = string.sub(old, i * 4 + 1, i * 4 + 4)
    end
  end
  redis.call('SETRANGE', key, start * 4, table.concat(new))
end
redis.call('HDEL', KEYS[4], ARGV[1])
count(KEYS[2], KEYS[3], ARGV[2], ARGV[3], ARGV[4], ARGV[5], moves)
return n
