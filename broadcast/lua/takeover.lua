-- takeover: the owner of a work is dead. What it had in sending is in doubt; the rest is free again.
-- KEYS 1 counters, 2 minutes, 3 due, 4 open, 5 own, 6... state strings
-- ARGV 1 work, 2 fence|worker, 3 next fence, 4 channel, 5 lang, 6 lane, 7 minute, 8 further attempt (0|1),
--      9 reason, 10 due (ms) of what is in doubt, '' to leave it to a person, 11 attempts after which it is
--      left to a person all the same, 12 runs;
--      each run: key (from 6), batch, start, count, attempts behind each (one byte a delivery)
-- Returns -1 when the work is not that owner's any more, else how many deliveries are in doubt
if redis.call('HGET', KEYS[5], ARGV[1]) ~= ARGV[2] then return -1 end
local again, why = ARGV[8] == '1', tonumber(ARGV[9])
local moves, doubt = {}, 0
for r = 0, tonumber(ARGV[12]) - 1 do
  local at = 13 + r * 5
  local key, batch = KEYS[tonumber(ARGV[at])], ARGV[at + 1]
  local start, n, behind = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), ARGV[at + 4]
  local old, new = redis.call('GETRANGE', key, start * 4, (start + n) * 4 - 1), {}
  for i = 0, n - 1 do
    local s, attempt, g, reason = string.byte(old, i * 4 + 1, i * 4 + 4)
    local st = s % 16
    local before = again and string.byte(behind, i + 1) or 0
    if st == SENDING and attempt == math.min(before + 1, 255) then
      doubt = doubt + 1
      move(moves, st, g, reason, INDOUBT, g, why)
      new[#new + 1] = string.char(doubted(s), attempt, g, why)
      if ARGV[10] ~= '' and attempt < tonumber(ARGV[11]) then redis.call('ZADD', KEYS[3], ARGV[10], batch .. ':' .. (start + i)) end
    else
      new[#new + 1] = string.sub(old, i * 4 + 1, i * 4 + 4)
    end
  end
  redis.call('SETRANGE', key, start * 4, table.concat(new))
end
redis.call('HDEL', KEYS[5], ARGV[1])
redis.call('HSET', KEYS[4], ARGV[1], ARGV[3])
count(KEYS[1], KEYS[2], ARGV[4], ARGV[5], ARGV[6], ARGV[7], moves)
return doubt
