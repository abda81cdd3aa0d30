-- Shared head of every ledger script. A delivery is four bytes of a batch's
-- state string: state (low nibble) with flags, attempt, gateway, reason.
local PENDING, SENDING, DEFERRED, INDOUBT, CANCELLED = 0, 1, 4, 9, 10

-- doubted is the first byte of a delivery that comes to be in doubt: a flag in it stays, whatever becomes of it.
local function doubted(s)
  s = s - s % 16 + INDOUBT
  return s < 128 and s + 128 or s
end

-- has tells whether state s is in the set that mask holds (one bit a state).
local function has(mask, s) return math.floor(mask / 2 ^ s) % 2 == 1 end

-- move notes the change of n deliveries (one if n is left out); changes that are
-- alike are counted together.
local function move(moves, from, fromGateway, fromReason, to, toGateway, toReason, n)
  local k = from + to * 16 + fromGateway * 256 + toGateway * 65536 + fromReason * 16777216 + toReason * 4294967296
  moves[k] = (moves[k] or 0) + (n or 1)
end

-- STATE writes a state. Lua would write a number by way of floating point, which
-- costs more than all else here.
local STATE = {[0] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15'}

-- raise adds to the fields of a hash, in two commands however many they are.
local function raise(key, changes)
  local fields = {}
  for field, n in pairs(changes) do
    if n ~= 0 then fields[#fields + 1] = field end
  end
  if #fields == 0 then return end
  local old, new = redis.call('HMGET', key, unpack(fields)), {}
  for i, field in ipairs(fields) do
    new[i * 2 - 1], new[i * 2] = field, string.format('%d', (tonumber(old[i] or '0')) + changes[field])
  end
  redis.call('HSET', key, unpack(new))
end

-- count carries the changes into the counters, in every dimension at once: channel,
-- language, lane, gateway, reason; and into the flow of the minute.
local function count(counters, minutes, channel, lang, lane, minute, moves)
  local changes, flow = {}, {}
  local all = {'c:' .. channel .. ':', 'l:' .. channel .. ':' .. lang .. ':', 'd:' .. channel .. ':' .. lane .. ':'}
  local function add(to, field, n) to[field] = (to[field] or 0) + n end
  for k, c in pairs(moves) do
    local from, to = k % 16, math.floor(k / 16) % 16
    local fg, tg = math.floor(k / 256) % 256, math.floor(k / 65536) % 256
    local fr, tr = math.floor(k / 16777216) % 256, math.floor(k / 4294967296) % 256
    if from ~= to then
      for _, dimension in ipairs(all) do
        add(changes, dimension .. STATE[from], -c)
        add(changes, dimension .. STATE[to], c)
      end
      if to > SENDING then add(flow, minute .. ':' .. channel .. ':' .. STATE[to], c) end
    end
    if from ~= to or fg ~= tg then
      if fg > 0 then add(changes, 'g:' .. channel .. ':' .. fg .. ':' .. STATE[from], -c) end
      if tg > 0 then add(changes, 'g:' .. channel .. ':' .. tg .. ':' .. STATE[to], c) end
    end
    if from ~= to or fr ~= tr then
      if fr > 0 then add(changes, 'r:' .. channel .. ':' .. fr .. ':' .. STATE[from], -c) end
      if tr > 0 then add(changes, 'r:' .. channel .. ':' .. tr .. ':' .. STATE[to], c) end
    end
  end
  raise(counters, changes)
  for field, n in pairs(flow) do redis.call('HINCRBY', minutes, field, string.format('%d', n)) end
end

-- become enters the state that a call comes to be in, now (ms), also behind those that it was in before.
local function become(call, state, now)
  local past = redis.call('HGET', call, 'past') or ''
  redis.call('HSET', call, 'state', state, 'past', past .. state .. ' ' .. now .. '\n')
end

-- settle ends a call that has nothing left to do, and returns its state.
local function settle(call, open, own, due, now)
  local state = redis.call('HGET', call, 'state')
  if (state == 'running' or state == 'stopping') and redis.call('HLEN', open) == 0 and redis.call('ZCARD', due) == 0 and redis.call('HLEN', own) == 0 then
    state = state == 'running' and 'done' or 'stopped'
    become(call, state, now)
    redis.call('HSET', call, 'finished', now)
  end
  return state
end
