#!lua
--[[ node_assigned.lua - the pools agree with registration `ver`: older generations are forgotten, the node is ready.
KEYS[1]  node   HASH  owner, ver, aver, status, ...
KEYS[2]  langs  HASH  ver -> "sources|targets"
ARGV[1]  owner  as registered
ARGV[2]  ver    the generation whose pools were joined, >= 1
Time     not read
Returns  {"READY"}            `ver` is assigned; also when it was already
         {"STALE", ver}       the node registered again meanwhile: `ver` is now current
         {"GONE"}             no such node, or it is offline
         {"NOTOWNER", owner}
Errors   'BADARG <name>', before anything is written.
Cost     O(1): at most 8 generations. ]]
local owner, ver = ARGV[1], tonumber(ARGV[2])
if not owner or owner == '' then return redis.error_reply('BADARG owner') end
if not ver or ver < 1 or ver % 1 ~= 0 then return redis.error_reply('BADARG ver') end
ver = string.format('%.0f', ver)

local node = redis.call('HMGET', KEYS[1], 'owner', 'ver', 'status')
if not node[2] or node[3] == 'offline' then return {'GONE'} end
if node[1] ~= owner then return {'NOTOWNER', node[1]} end
if node[2] ~= ver then return {'STALE', node[2]} end

for _, old in ipairs(redis.call('HKEYS', KEYS[2])) do
  if old ~= ver then redis.call('HDEL', KEYS[2], old) end
end
redis.call('HSET', KEYS[1], 'aver', ver)
if node[3] == 'registering' then redis.call('HSET', KEYS[1], 'status', 'ready') end
return {'READY'}
