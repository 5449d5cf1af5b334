#!lua flags=allow-oom
--[[ drain_node.lua - a node gets no new job from now on; it ends when its last one does (heartbeat: DRAINING).
An operator's drain also holds the node: until the hold has gone it may not register again.
KEYS[1]  node  HASH    owner, status, ...
KEYS[2]  hold  STRING  reason
ARGV[1]  owner   as registered; "" for an operator, who is not compared
ARGV[2]  hold    ms, 0..86400000; 0: none
ARGV[3]  reason  0..200 bytes
Time     not read (the hold's TTL is relative)
Returns  {"OK", status}       status = the one before; an offline node stays offline
         {"NOTOWNER", owner}  another connection speaks for it; nothing was changed
         {"GONE"}             no such node; the hold is set all the same
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local owner, hold, reason = ARGV[1], tonumber(ARGV[2]), ARGV[3]
if not owner or #owner > 128 or owner:find('%s') then return redis.error_reply('BADARG owner') end
if not hold or hold < 0 or hold > 86400000 or hold % 1 ~= 0 then return redis.error_reply('BADARG hold_ms') end
if not reason or #reason > 200 then return redis.error_reply('BADARG reason') end

local node = redis.call('HMGET', KEYS[1], 'owner', 'status')
if node[1] and owner ~= '' and node[1] ~= owner then return {'NOTOWNER', node[1]} end
if hold > 0 then redis.call('SET', KEYS[2], reason, 'PX', string.format('%.0f', hold)) end
if not node[1] then return {'GONE'} end
if node[2] ~= 'offline' then redis.call('HSET', KEYS[1], 'status', 'draining') end
return {'OK', node[2]}
