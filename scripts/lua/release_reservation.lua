#!lua flags=allow-oom
--[[ release_reservation.lua - a node is free of one attempt of a job.
KEYS[1]  resv     ZSET  "job attempt" -> expiry, ms
ARGV[1]  job id   [A-Za-z0-9._:-]{1,64}
ARGV[2]  attempt  1..1000000
Time     TIME, read once at the top
Returns  {"OK", load}      load = unexpired reservations that are left
         {"ABSENT", load}  it was not held; nothing was changed
Errors   'BADARG <name>', before anything is written.
Cost     O(log reservations). ]]
local job_id, attempt = ARGV[1], tonumber(ARGV[2])
if not job_id or #job_id < 1 or #job_id > 64 or job_id:find('%s') then return redis.error_reply('BADARG job_id') end
if not attempt or attempt < 1 or attempt > 1000000 or attempt % 1 ~= 0 then
  return redis.error_reply('BADARG attempt')
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local removed = redis.call('ZREM', KEYS[1], string.format('%s %.0f', job_id, attempt))
local load = redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now), '+inf')
return {removed == 1 and 'OK' or 'ABSENT', load}
