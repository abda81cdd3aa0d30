-- Adds a signature under the next number, unless it is there already.
-- KEYS[1..11]  see common.lua
-- KEYS[12]     the last number that was given
-- KEYS[13]     leaves of the hundred
-- KEYS[14]     words that were agreed to
-- ARGV[1]      the number, which must be the next one
-- ARGV[2]      field of it in the hundred
-- ARGV[3], [4] keyed hashes of the form that it came by, and of name and contact; '' for none
-- ARGV[5]      keyed hash of name, region and district
-- ARGV[6..8]   state, sealed record, leaf
-- ARGV[9], [10] version of the words, the words
-- Returns {1, number} when added; {2, number} when the form came before, {3, number}
-- when the person did; {0, last number} when the number is not the next; {-1, 0} after the purge.
for i = 3, 4 do
  local number = ARGV[i] ~= '' and redis.call('HGET', KEYS[7], ARGV[i])
  if number then return {i - 1, tonumber(number)} end
end
local last = tonumber(redis.call('GET', KEYS[12]) or '0')
if tonumber(ARGV[1]) ~= last + 1 then return {0, last} end

local person = (ARGV[4] == '' and '-' or ARGV[4]) .. ' ' .. ARGV[5]
enter(ARGV[1], ARGV[2], person, nil, parse(ARGV[6]))
redis.call('HSET', KEYS[9], ARGV[2], person)
redis.call('HSET', KEYS[10], ARGV[2], ARGV[7])
redis.call('HSET', KEYS[13], ARGV[2], ARGV[8])
redis.call('HSETNX', KEYS[14], ARGV[9], ARGV[10])
for i = 3, 4 do
  if ARGV[i] ~= '' then redis.call('HSET', KEYS[7], ARGV[i], ARGV[1]) end
end
redis.call('SET', KEYS[12], ARGV[1])
raise()
return {1, tonumber(ARGV[1])}
