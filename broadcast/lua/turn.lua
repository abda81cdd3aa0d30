-- turn: the results of a group that was sent enter the ledger, and then the next group of the work goes
-- from pending (or due) to sending. Either may be left out (0 runs).
-- What is sending belongs to the work's owner alone. A late commit, of an owner that was taken over, settles what
-- is still in doubt: the attempt is the fence of each delivery. It changes nothing that was claimed anew or that a
-- report has ended first; what it says was never begun, or is to be tried again, opens a call that is done.
-- KEYS 1 call, 2 counters, 3 minutes, 4 own, 5 due, 6 details, 7... state strings
-- ARGV 1 channel, 2 lang, 3 lane, 4 minute, 5 now (ms),
--      6 states that a commit may find (mask), 7 runs to commit,
--      8 work, 9 fence|worker, 10 gateway, 11 further attempt (0|1), 12 runs to claim;
--      each run to commit: key (from 7), first byte, last byte, batch, and a byte a delivery each: attempts (0: leave),
--      new states (+16: only while the work is its owner's; +32: Redis may have forgotten the claim, through the gateway
--      that is named above), reasons;
--      each run to claim: key (from 7), first byte, last byte, attempts behind each (a byte a delivery);
--      then extras of results, of five: key, index, member, due (ms or ''), detail (or '')
-- Returns {status, attempts, changed}: 'ok' and a byte a delivery, its attempt now or 0 if it was not to be
--         had; 'fenced' when the work is no longer this worker's; the call's state when it is not running;
--         and how many deliveries the commit changed
local moves, applied, changed, at = {}, {}, 0, 13
local from, commits, claims = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[12])
local plain = #ARGV == 12 + 7 * commits + 4 * claims -- no extras
local owned = redis.call('HGET', KEYS[4], ARGV[8]) == ARGV[9]

-- again enters a delivery in doubt as deferred, or cancelled when its call has been stopped, and returns state and
-- attempt. If it is not due, another work may have it already: that one must not match it any more.
local function again(member, attempt, due)
  local call = redis.call('HGET', KEYS[1], 'state')
  if call == 'stopped' then return CANCELLED, attempt end
  if call == 'done' then become(KEYS[1], 'running', ARGV[5]) end
  if not redis.call('ZSCORE', KEYS[5], member) then attempt = math.min(attempt + 1, 255) end
  redis.call('ZADD', KEYS[5], due, member)
  return DEFERRED, attempt
end

for _ = 1, commits do
  local k, first, batch = tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 3]
  local attempts, states, reasons = ARGV[at + 4], ARGV[at + 5], ARGV[at + 6]
  local old, new, n = redis.call('GETRANGE', KEYS[k], first, ARGV[at + 2]), {}, #attempts
  local s, attempt, g, reason = string.byte(old, 1, 4)
  local to, why = string.byte(states, 1), string.byte(reasons, 1)
  if n > 1 and plain and owned and to < 16 and to ~= PENDING and to ~= INDOUBT and attempt > 0 and s % 16 == SENDING
    and attempts == string.rep(string.char(attempt), n) and states == string.rep(string.char(to), n)
    and reasons == string.rep(string.char(why), n) and old == string.rep(string.sub(old, 1, 4), n) then
    -- A whole run that ends alike: what nearly every commit brings.
    move(moves, s % 16, g, reason, to, g, why, n)
    new[1] = string.rep(string.char(s - s % 16 + to, attempt, g, why), n)
    changed = changed + n
  else
    local start = tonumber(first) / 4
    for i = 0, n - 1 do
      local s, attempt, g, reason = string.byte(old, i * 4 + 1, i * 4 + 4)
      local st, mine = s % 16, string.byte(attempts, i + 1)
      local to, why = string.byte(states, i + 1), string.byte(reasons, i + 1)
      local late, sure, recalled = st == INDOUBT, to % 32 < 16, to >= 32
      to = to % 16
      if recalled and mine > 0 and attempt == mine - 1 and to ~= PENDING and (attempt == 0 and st == PENDING or attempt > 0 and (st == DEFERRED or late)) then
        -- Nobody has claimed it since: it stands as it did before the claim that was forgotten.
        local through = tonumber(ARGV[10])
        redis.call('ZREM', KEYS[5], batch .. ':' .. (start + i))
        move(moves, st, g, reason, to, through, why)
        new[#new + 1] = string.char(to == INDOUBT and doubted(s) or s - st + to, mine, through, why)
        applied[k .. ':' .. (start + i)] = to
        changed = changed + 1
      elseif mine > 0 and attempt == mine and has(from, st) and (late and sure and to ~= INDOUBT or owned and st == SENDING and (sure or to ~= INDOUBT)) then
        if late then
          local member = batch .. ':' .. (start + i)
          if to == PENDING or to == DEFERRED then to, attempt = again(member, attempt, ARGV[5])
          else redis.call('ZREM', KEYS[5], member) end
        elseif to == PENDING then
          -- never begun: a first attempt waits as before, a further one stays due
          attempt = attempt - 1
          if attempt > 0 then to = DEFERRED end
        end
        move(moves, st, g, reason, to, g, why)
        new[#new + 1] = string.char(to == INDOUBT and doubted(s) or s - st + to, attempt, g, why)
        applied[k .. ':' .. (start + i)] = to
        changed = changed + 1
      else
        new[#new + 1] = string.sub(old, i * 4 + 1, i * 4 + 4)
      end
    end
  end
  redis.call('SETRANGE', KEYS[k], first, table.concat(new))
  at = at + 7
end
for x = 13 + 7 * commits + 4 * claims, #ARGV, 5 do
  local to = applied[ARGV[x] .. ':' .. ARGV[x + 1]]
  if to then
    if ARGV[x + 3] ~= '' and to ~= CANCELLED then redis.call('ZADD', KEYS[5], ARGV[x + 3], ARGV[x + 2]) end
    if ARGV[x + 4] ~= '' then redis.call('HSET', KEYS[6], ARGV[x + 2], ARGV[x + 4]) end
  end
end

local status, got = '', {}
if claims > 0 then
  status = redis.call('HGET', KEYS[1], 'state')
  if not owned then status = 'fenced'
  elseif status == 'running' then status = 'ok' end
end
local gateway, further = tonumber(ARGV[10]), ARGV[11] == '1'
for _ = 1, status == 'ok' and claims or 0 do
  local key, first, behind = KEYS[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 3]
  local old, new, n = redis.call('GETRANGE', key, first, ARGV[at + 2]), {}, #behind
  if not further and old == string.rep('\0', n * 4) then
    -- A whole run that waits: what nearly every claim meets.
    move(moves, PENDING, 0, 0, SENDING, gateway, 0, n)
    got[#got + 1] = string.rep('\1', n)
    new[1] = string.rep(string.char(SENDING, 1, gateway, 0), n)
  else
    for i = 0, n - 1 do
      local s, attempt, g, reason = string.byte(old, i * 4 + 1, i * 4 + 4)
      local st = s % 16
      local before = string.byte(behind, i + 1)
      local ok
      if further then ok = (st == DEFERRED or st == INDOUBT) and attempt == before
      else ok = st == PENDING end
      if st == SENDING and attempt == math.min(before + 1, 255) then
        -- This owner's own claim, whose answer was lost on the way: what it sent is committed by now.
        got[#got + 1] = string.char(attempt)
        new[#new + 1] = string.sub(old, i * 4 + 1, i * 4 + 4)
      elseif ok then
        move(moves, st, g, reason, SENDING, gateway, 0)
        attempt = math.min(attempt + 1, 255)
        got[#got + 1] = string.char(attempt)
        new[#new + 1] = string.char(s - st + SENDING, attempt, gateway, 0)
      else
        got[#got + 1] = '\0'
        new[#new + 1] = string.sub(old, i * 4 + 1, i * 4 + 4)
      end
    end
  end
  redis.call('SETRANGE', key, first, table.concat(new))
  at = at + 4
end
count(KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3], ARGV[4], moves)
return {status, table.concat(got), changed}
