#!lua flags=allow-oom
--[[ adopt_instance.lua - who is not present is dead: a survivor takes a lease on its inbox, or renews it, and buries its id.
KEYS[1]  presence   HASH    of the one that may be dead
KEYS[2]  lease      STRING  the adopter
KEYS[3]  tombstone  STRING  who took the first lease
KEYS[4]  inbox      STREAM
ARGV[1]  adopter        [A-Za-z0-9._:-]{1,64}
ARGV[2]  lease_ttl      ms, 1..86400000
ARGV[3]  tombstone_ttl  ms, 1..864000000; from the first lease
Time     not read
Returns  {"ALIVE"}
         {"HELD", adopter}  it is dead, and another one has the lease
         {"LEASED", n}      so many entries are in the inbox
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local adopter = ARGV[1]
if not adopter or #adopter < 1 or #adopter > 64 or adopter:find('[^%w._:-]') then
  return redis.error_reply('BADARG adopter')
end
local lease_ttl, tombstone_ttl = tonumber(ARGV[2]), tonumber(ARGV[3])
if not lease_ttl or lease_ttl < 1 or lease_ttl > 86400000 or lease_ttl % 1 ~= 0 then
  return redis.error_reply('BADARG lease_ttl_ms')
end
if not tombstone_ttl or tombstone_ttl < 1 or tombstone_ttl > 864000000 or tombstone_ttl % 1 ~= 0 then
  return redis.error_reply('BADARG tombstone_ttl_ms')
end

if redis.call('EXISTS', KEYS[1]) == 1 then return {'ALIVE'} end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= adopter then return {'HELD', holder} end
redis.call('SET', KEYS[2], adopter, 'PX', string.format('%.0f', lease_ttl))
redis.call('SET', KEYS[3], adopter, 'NX', 'PX', string.format('%.0f', tombstone_ttl))
return {'LEASED', redis.call('XLEN', KEYS[4])}
