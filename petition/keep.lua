-- Keeps what waits for a person, once.
-- KEYS[1] certificate: when it is there, nothing changes any more
-- KEYS[2] what waits; KEYS[3] what was settled; KEYS[4] bytes of all faxes that wait
-- KEYS[5] the fax
-- ARGV[1] id; ARGV[2] sealed record; ARGV[3] sealed fax, '' for none
-- ARGV[4], [5] how many may wait, and how many bytes of faxes
-- Returns 1, or 2 if it came before; 0 if too much waits; -1 after the purge.
if redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 or redis.call('HEXISTS', KEYS[3], ARGV[1]) == 1 then return 2 end
local bytes = tonumber(redis.call('GET', KEYS[4]) or '0') + #ARGV[3]
if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) or bytes > tonumber(ARGV[5]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], '0 ' .. ARGV[2])
if ARGV[3] ~= '' then
  redis.call('SET', KEYS[5], ARGV[3])
  redis.call('SET', KEYS[4], string.format('%d', bytes))
end
return 1
