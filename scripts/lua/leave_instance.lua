#!lua flags=allow-oom
--[[ leave_instance.lua - an instance goes in good order: nothing is added to its inbox from now on, and an empty one ends with it.
KEYS[1]  presence  HASH    token, ...
KEYS[2]  inbox     STREAM
ARGV[1]  token     of this process, 1..64 of [A-Za-z0-9._:-]
Time     not read
Returns  {"OK"}       nothing is left
         {"LEFT", n}  so many entries are left to an adopter
         {"GONE"}     it had no presence any more, or another process has it; nothing was changed
Errors   'BADARG token', before anything is written.
Cost     O(1). ]]
local token = ARGV[1]
if not token or #token < 1 or #token > 64 or token:find('[^%w._:-]') then return redis.error_reply('BADARG token') end

if redis.call('HGET', KEYS[1], 'token') ~= token then return {'GONE'} end
redis.call('DEL', KEYS[1])
local left = redis.call('XLEN', KEYS[2])
if left > 0 then return {'LEFT', left} end
redis.call('DEL', KEYS[2])
return {'OK'}
