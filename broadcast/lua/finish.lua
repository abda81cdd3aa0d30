-- finish: nothing of a work is open any more. If something is, Redis has lost what it had answered: the owner keeps
-- the work, and the sweep takes it over.
-- KEYS 1 call, 2 open, 3 own, 4 due, 5... state strings
-- ARGV 1 work, 2 fence, 3 fence|worker, 4 now (ms), 5 further attempt (0|1), 6 runs;
--      each run: key (from 5), start, count, attempts behind each (one byte a delivery)
-- Returns the call's state, or 'open'
if redis.call('HGET', KEYS[3], ARGV[1]) == ARGV[3] then
  local again = ARGV[5] == '1'
  for r = 0, tonumber(ARGV[6]) - 1 do
    local at = 7 + r * 4
    local start, n, behind = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3]
    local states = redis.call('GETRANGE', KEYS[tonumber(ARGV[at])], start * 4, (start + n) * 4 - 1)
    for i = 0, n - 1 do
      local s, attempt = string.byte(states, i * 4 + 1, i * 4 + 2)
      local st, before = s % 16, string.byte(behind, i + 1)
      -- Sending under a later attempt is in the hands of another work.
      if st == SENDING and attempt == math.min(before + 1, 255) then return 'open' end
      if not again and st == PENDING then return 'open' end
    end
  end
  redis.call('HDEL', KEYS[3], ARGV[1])
  if redis.call('HGET', KEYS[2], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[2], ARGV[1]) end
end
return settle(KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[4])
