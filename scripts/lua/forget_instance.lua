#!lua flags=allow-oom
--[[ forget_instance.lua - everything that a dead instance left was handled: its adopter ends the inbox and the lease. Its tombstone
stays, so that it does not come back.
KEYS[1]  inbox  STREAM
KEYS[2]  lease  STRING  the adopter
ARGV[1]  adopter  [A-Za-z0-9._:-]{1,64}
Time     not read
Returns  {"OK"}
         {"LEFT", n}   so many entries are there; nothing was changed
         {"NOTHOLDER"} the lease is another one's, or has lapsed; nothing was changed
Errors   'BADARG adopter', before anything is written.
Cost     O(1). ]]
local adopter = ARGV[1]
if not adopter or #adopter < 1 or #adopter > 64 or adopter:find('[^%w._:-]') then
  return redis.error_reply('BADARG adopter')
end

if redis.call('GET', KEYS[2]) ~= adopter then return {'NOTHOLDER'} end
local left = redis.call('XLEN', KEYS[1])
if left > 0 then return {'LEFT', left} end
redis.call('DEL', KEYS[1], KEYS[2])
return {'OK'}
