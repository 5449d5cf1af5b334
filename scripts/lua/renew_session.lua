#!lua flags=allow-oom
--[[ renew_session.lua - the connection that speaks for a session still does.
KEYS[1]  session  HASH  owner, ...
ARGV[1]  owner  as opened, 1..128 bytes
ARGV[2]  ttl    ms, 1..86400000
Time     not read
Returns  {"OK"}
         {"NOTOWNER", owner}  a newer connection has opened it; nothing was changed
         {"GONE"}             no such session: open it again
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local owner, ttl = ARGV[1], tonumber(ARGV[2])
if not owner or #owner < 1 or #owner > 128 then return redis.error_reply('BADARG owner') end
if not ttl or ttl < 1 or ttl > 86400000 or ttl % 1 ~= 0 then return redis.error_reply('BADARG ttl_ms') end

local held = redis.call('HGET', KEYS[1], 'owner')
if not held then return {'GONE'} end
if held ~= owner then return {'NOTOWNER', held} end
redis.call('PEXPIRE', KEYS[1], ttl)
return {'OK'}
