-- settle: ends a call that has nothing left to do.
-- KEYS 1 call, 2 open, 3 own, 4 due
-- ARGV 1 now (ms)
-- Returns the call's state
return settle(KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[1])
