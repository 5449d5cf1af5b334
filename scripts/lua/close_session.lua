#!lua flags=allow-oom
--[[ close_session.lua - a connection no longer speaks for its session.
KEYS[1]  session  HASH  owner, ...
ARGV[1]  owner  as opened, 1..128 bytes
Time     not read
Returns  {"OK"}               the record was deleted
         {"NOTOWNER", owner}  a newer connection has opened it; nothing was changed
         {"GONE"}             no such session
Errors   'BADARG owner', before anything is written.
Cost     O(1). ]]
local owner = ARGV[1]
if not owner or #owner < 1 or #owner > 128 then return redis.error_reply('BADARG owner') end

local held = redis.call('HGET', KEYS[1], 'owner')
if not held then return {'GONE'} end
if held ~= owner then return {'NOTOWNER', held} end
redis.call('DEL', KEYS[1])
return {'OK'}
