#!lua flags=allow-oom
--[[ counted_overwrite.lua - an incident: a heartbeat writes what the node said over the counter of counted_reserve.
KEYS[1]  node     HASH  count, ...
ARGV[1]  running  jobs, 0..1000000
Time     not read
Returns  {"OK"}, {"GONE"} no such node
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local running = tonumber(ARGV[1])
if not running or running < 0 or running > 1000000 or running % 1 ~= 0 then return redis.error_reply('BADARG running') end
if redis.call('EXISTS', KEYS[1]) == 0 then return {'GONE'} end
redis.call('HSET', KEYS[1], 'count', running)
return {'OK'}
