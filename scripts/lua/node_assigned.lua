#!lua
--[[ node_assigned.lua - the pools agree with registration `ver`: older generations are forgotten, the node is ready.
KEYS[1]  node   HASH  owner, ver, aver, status, pools, ...; pools = 0: it stands in none
KEYS[2]  langs  HASH  ver -> "sources|targets"
ARGV[1]  owner  as registered
ARGV[2]  ver    the generation whose pools were joined, >= 1
ARGV[3]  pools  0: there are none, because instances keep copies of the records instead; 1 or absent: it is in them
Time     not read
Returns  {"READY"}            `ver` is assigned; also when it was already. A registering node is ready now, also one that
                              is degraded since it was not up for too long; failures keep a node degraded
         {"DRAINING"}         it may not get jobs any more: leave the pairs again; nothing was changed
         {"STALE", ver}       the node registered again meanwhile: `ver` is now current
         {"GONE"}             no such node, or it is offline
         {"NOTOWNER", owner}
Errors   'BADARG <name>', before anything is written.
Cost     O(1): at most 8 generations. ]]
local owner, ver = ARGV[1], tonumber(ARGV[2])
if not owner or owner == '' then return redis.error_reply('BADARG owner') end
if not ver or ver < 1 or ver % 1 ~= 0 then return redis.error_reply('BADARG ver') end
if ARGV[3] and ARGV[3] ~= '0' and ARGV[3] ~= '1' then return redis.error_reply('BADARG pools') end
ver = string.format('%.0f', ver)

local node = redis.call('HMGET', KEYS[1], 'owner', 'ver', 'status', 'aver')
if not node[2] or node[3] == 'offline' then return {'GONE'} end
if node[1] ~= owner then return {'NOTOWNER', node[1]} end
if node[2] ~= ver then return {'STALE', node[2]} end
if node[3] == 'draining' then return {'DRAINING'} end

for _, old in ipairs(redis.call('HKEYS', KEYS[2])) do
  if old ~= ver then redis.call('HDEL', KEYS[2], old) end
end
redis.call('HSET', KEYS[1], 'aver', ver)
if ARGV[3] == '0' then
  redis.call('HSET', KEYS[1], 'pools', '0')
else
  redis.call('HDEL', KEYS[1], 'pools')
end
local never_ready = node[3] == 'degraded' and node[4] ~= ver
if node[3] == 'registering' or never_ready then redis.call('HSET', KEYS[1], 'status', 'ready') end
return {'READY'}
