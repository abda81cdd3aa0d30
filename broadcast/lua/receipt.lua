-- receipt: what a report or a person says of one delivery.
-- KEYS 1 counters, 2 minutes, 3 due, 4 details, 5 states, 6 call
-- ARGV 1 channel, 2 lang, 3 lane, 4 minute, 5 index, 6 member, 7 states it may find (mask), 8 new state or '',
--      9 reason, 10 detail or '', 11 flag (a bit of the first byte) or 0, 12 due (ms) of what is to be
--      sent again or '': that opens a call that is done, and is refused by one that is stopped
-- Returns {1 if the state changed, 1 if the flag is new, the state found}, or nothing when there is no such delivery
local i = tonumber(ARGV[5])
local old = redis.call('GETRANGE', KEYS[5], i * 4, i * 4 + 3)
if #old < 4 then return nil end
local s, attempt, g, reason = string.byte(old, 1, 4)
local st, flag, moved, flagged = s % 16, tonumber(ARGV[11]), 0, 0
local found = st
local call = ARGV[12] ~= '' and redis.call('HGET', KEYS[6], 'state')
if ARGV[8] ~= '' and has(tonumber(ARGV[7]), st) and call ~= 'stopping' and call ~= 'stopped' then
  local to, why, moves = tonumber(ARGV[8]), tonumber(ARGV[9]), {}
  move(moves, st, g, reason, to, g, why)
  s, st, reason, moved = s - st + to, to, why, 1
  count(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4], moves)
  if not call then
    redis.call('ZREM', KEYS[3], ARGV[6])
  else
    -- If it was not due, another work may have it already: that one must not match it any more.
    if redis.call('ZADD', KEYS[3], ARGV[12], ARGV[6]) == 1 then attempt = math.min(attempt + 1, 255) end
    if call == 'done' then become(KEYS[6], 'running', string.format('%d', ARGV[4] * 60000)) end
  end
  if ARGV[10] ~= '' then redis.call('HSET', KEYS[4], ARGV[6], ARGV[10]) end
end
if flag > 0 and math.floor(s / flag) % 2 == 0 then
  s, flagged = s + flag, 1
  redis.call('HINCRBY', KEYS[1], 'f:' .. ARGV[1] .. ':' .. flag, 1)
  redis.call('HINCRBY', KEYS[2], ARGV[4] .. ':' .. ARGV[1] .. ':f' .. flag, 1)
end
if moved + flagged > 0 then redis.call('SETRANGE', KEYS[5], i * 4, string.char(s, attempt, g, reason)) end
return {moved, flagged, found}
