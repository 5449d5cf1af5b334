#!lua flags=allow-oom
--[[ unlock_request.lua - whoever holds the lock of a request gives it back; one that was lost, and taken by another, stays.
KEYS[1]  lock  STRING  the holder's token, with a TTL
ARGV[1]  token  1..64 bytes
Time     not read
Returns  {"OK"}
         {"LOST"}  nobody holds it, or another; nothing was changed
Errors   'BADARG token', before anything is written.
Cost     O(1). ]]
local token = ARGV[1]
if not token or #token < 1 or #token > 64 then return redis.error_reply('BADARG token') end

if redis.call('GET', KEYS[1]) ~= token then return {'LOST'} end
redis.call('DEL', KEYS[1])
return {'OK'}
