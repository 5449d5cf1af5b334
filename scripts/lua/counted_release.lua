#!lua flags=allow-oom
--[[ counted_release.lua - an incident: the counter of counted_reserve is lowered, but only by who still finds the reservation. One that
has expired leaves the counter as it is. Kept to be compared with release_reservation, whose arguments and answers it has.
KEYS[1]  resv     ZSET  "job attempt" -> expiry, ms
KEYS[2]  node     HASH  status, count, ...
ARGV[1]  job id   [A-Za-z0-9._:-]{1,64}
ARGV[2]  attempt  1..1000000
ARGV[3..4]        verdict and trial: not read
Time     TIME, read once at the top
Returns  {"OK", load, status}      load = the counter; status "" when there is no such node
         {"ABSENT", load, status}  it was not held, or had expired: the counter was not lowered
Errors   'BADARG <name>', before anything is written.
Cost     O(log reservations). ]]
local job_id, attempt = ARGV[1], tonumber(ARGV[2])
if not job_id or #job_id < 1 or #job_id > 64 or job_id:find('%s') then return redis.error_reply('BADARG job_id') end
if not attempt or attempt < 1 or attempt > 1000000 or attempt % 1 ~= 0 then
  return redis.error_reply('BADARG attempt')
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local member = string.format('%s %.0f', job_id, attempt)
local held = tonumber(redis.call('ZSCORE', KEYS[1], member) or '0')
redis.call('ZREM', KEYS[1], member)
local node = redis.call('HMGET', KEYS[2], 'status', 'count')
local load = tonumber(node[2] or '0')
if held <= now then return {'ABSENT', load, node[1] or ''} end
if node[1] and load > 0 then
  load = load - 1
  redis.call('HSET', KEYS[2], 'count', load)
end
return {'OK', load, node[1] or ''}
