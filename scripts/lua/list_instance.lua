#!lua flags=allow-oom
--[[ list_instance.lua - an instance shows itself in the list of all, and sees who else is in it.
KEYS[1]  instances  ZSET  instance -> last time it showed itself, ms
ARGV[1]  instance   [A-Za-z0-9._:-]{1,64}
ARGV[2]  ttl        of the list, and of an entry that nobody adopts, ms, 1..864000000
Time     TIME, read once at the top
Returns  {"OK" or "NEW", now, instance, seen, ...}  all by last time; NEW: it was not in the list
Errors   'BADARG <name>', before anything is written.
Cost     O(instances). ]]
local id = ARGV[1]
if not id or #id < 1 or #id > 64 or id:find('[^%w._:-]') then return redis.error_reply('BADARG instance') end
local ttl = tonumber(ARGV[2])
if not ttl or ttl < 1 or ttl > 864000000 or ttl % 1 ~= 0 then return redis.error_reply('BADARG ttl_ms') end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - ttl))
local added = redis.call('ZADD', KEYS[1], string.format('%.0f', now), id)
redis.call('PEXPIRE', KEYS[1], ttl)
local answer = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
table.insert(answer, 1, added == 1 and 'NEW' or 'OK')
table.insert(answer, 2, string.format('%.0f', now))
return answer
