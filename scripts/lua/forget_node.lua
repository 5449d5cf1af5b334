#!lua flags=allow-oom
--[[ forget_node.lua - an offline node has left all its pools: nothing of it stays.
KEYS[1]  node    HASH  ver, status, ...
KEYS[2]  langs   HASH  ver -> "sources|targets"
KEYS[3]  resv    ZSET  "job attempt" -> expiry, ms
KEYS[4]  expiry  ZSET  node id -> instant when it is offline, ms
ARGV[1]  node id  [A-Za-z0-9._:-]{1,64}
ARGV[2]  ver      as node_offline answered it, >= 1
Time     not read
Returns  {"OK"}
         {"STALE", ver}  the node is not offline, or registered again meanwhile; nothing was changed
         {"GONE"}        no such node
Errors   'BADARG <name>', before anything is written.
Cost     O(log nodes of the bucket + reservations); at most 8 generations. ]]
local node_id, ver = ARGV[1], tonumber(ARGV[2])
if not node_id or #node_id < 1 or #node_id > 64 then return redis.error_reply('BADARG node_id') end
if not ver or ver < 1 or ver % 1 ~= 0 then return redis.error_reply('BADARG ver') end

local node = redis.call('HMGET', KEYS[1], 'ver', 'status')
if not node[1] then return {'GONE'} end
if node[2] ~= 'offline' or tonumber(node[1]) ~= ver then return {'STALE', node[1]} end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('ZREM', KEYS[4], node_id)
return {'OK'}
