#!lua flags=allow-oom
--[[ release_reservation.lua - a node is free of one attempt of a job; how the attempt went is the node's health.
Of its last 5 verdicts 3 failures make a ready node degraded, one success makes a degraded node ready. The verdict counts
only when the reservation was held, so no attempt counts twice.
KEYS[1]  resv     ZSET  "job attempt" -> expiry, ms
KEYS[2]  node     HASH  status, hist, trial, ...; hist = verdicts, oldest first, "." success, "x" failure, absent while
                        there is no failure among them; trial = instant before which a degraded node gets no job, ms
ARGV[1]  job id   [A-Za-z0-9._:-]{1,64}
ARGV[2]  attempt  1..1000000
ARGV[3]  verdict  success, failure, or none: the attempt says nothing about the node
ARGV[4]  trial    ms from now, 0..86400000: what each failure of a degraded node sets
Time     TIME, read once at the top
Returns  {"OK", load, status}      load = unexpired reservations that are left; status "" when there is no such node
         {"ABSENT", load, status}  it was not held; nothing was changed
Errors   'BADARG <name>', before anything is written.
Cost     O(log reservations). ]]
local HISTORY, FAILURES = 5, 3

local job_id, attempt, verdict, trial = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
if not job_id or #job_id < 1 or #job_id > 64 or job_id:find('%s') then return redis.error_reply('BADARG job_id') end
if not attempt or attempt < 1 or attempt > 1000000 or attempt % 1 ~= 0 then
  return redis.error_reply('BADARG attempt')
end
if verdict ~= 'success' and verdict ~= 'failure' and verdict ~= 'none' then
  return redis.error_reply('BADARG verdict')
end
if not trial or trial < 0 or trial > 86400000 or trial % 1 ~= 0 then return redis.error_reply('BADARG trial_ms') end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local removed = redis.call('ZREM', KEYS[1], string.format('%s %.0f', job_id, attempt))
local load = redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now), '+inf')
local node = redis.call('HMGET', KEYS[2], 'status', 'hist')
local status, hist = node[1], node[2]
if removed == 0 then return {'ABSENT', load, status or ''} end
if not status or verdict == 'none' then return {'OK', load, status or ''} end

if verdict == 'failure' then
  hist = ((hist or '') .. 'x'):sub(-HISTORY)
  redis.call('HSET', KEYS[2], 'hist', hist)
  local _, failures = hist:gsub('x', '')
  if status == 'degraded' or (status == 'ready' and failures >= FAILURES) then
    status = 'degraded'
    redis.call('HSET', KEYS[2], 'status', status, 'trial', string.format('%.0f', now + trial))
  end
elseif status == 'degraded' then
  status = 'ready'
  redis.call('HSET', KEYS[2], 'status', status)
  redis.call('HDEL', KEYS[2], 'hist', 'trial')
elseif hist then
  hist = (hist .. '.'):sub(-HISTORY)
  if hist:find('x', 1, true) then
    redis.call('HSET', KEYS[2], 'hist', hist)
  else
    redis.call('HDEL', KEYS[2], 'hist')
  end
end
return {'OK', load, status}
