-- Enters what came of an attempt, unless the webhook was deleted meanwhile: then
-- nothing of it is left.
--
-- KEYS 1 webhooks, 2 deliveries by when they are due, 3 the delivery, 4 the webhook's
-- log, 5 since when nothing comes through, by webhook, 6 why it is shut, by webhook
-- ARGV 1 the webhook, 2 the delivery's name, 3 the delivery, 4 a line for the log, 5 how
-- many lines are kept, 6 when it is tried again (ms, 0: not), 7 now (ms), 8 'delivered',
-- 'gone' or 'failed', 9 after how long without success it is shut (ms), 10 and 11 why
-- it is shut then: gone, failures
-- Returns 1; 0 when the webhook is there no more
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  redis.call('ZREM', KEYS[2], ARGV[2])
  redis.call('DEL', KEYS[3])
  return 0
end
redis.call('SET', KEYS[3], ARGV[3], 'XX', 'KEEPTTL')
redis.call('LPUSH', KEYS[4], ARGV[4])
redis.call('LTRIM', KEYS[4], 0, ARGV[5] - 1)
if ARGV[6] == '0' then
  redis.call('ZREM', KEYS[2], ARGV[2])
else
  redis.call('ZADD', KEYS[2], ARGV[6], ARGV[2])
end
if ARGV[8] == 'delivered' then
  redis.call('HDEL', KEYS[5], ARGV[1])
elseif ARGV[8] == 'gone' then
  redis.call('HSET', KEYS[6], ARGV[1], ARGV[10])
else
  redis.call('HSETNX', KEYS[5], ARGV[1], ARGV[7])
  if ARGV[7] - redis.call('HGET', KEYS[5], ARGV[1]) > tonumber(ARGV[9]) then
    redis.call('HSET', KEYS[6], ARGV[1], ARGV[11])
  end
end
return 1
