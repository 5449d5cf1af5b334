#!lua flags=allow-oom
--[[ complete_task.lua - the attempt decides the job: any state before FINISHED -> FINISHED, or RELEASED at once.
From here on job and binding live for `ttl`, and end in one instant. A job that is not released stays in the index, and a sweep releases it.
KEYS[1]  job        HASH    state, attempt, outcome, code, done, ...
KEYS[2]  req        STRING  job id
KEYS[3]  deadlines  ZSET    job id -> due, ms
ARGV[1]  job id       [A-Za-z0-9._:-]{1,64}
ARGV[2]  attempt      1..1000000
ARGV[3]  outcome      ok, failed, timed_out, cancelled or no_text
ARGV[4]  code         why, 0..1024 bytes
ARGV[5]  released     1: the attempt's reservation is gone already
ARGV[6]  ttl          ms, 1..86400000
ARGV[7]  only_if_due  1: only when the deadline has passed
Time     TIME, read once at the top
Returns  {"OK", state}
         {"STALE", state, attempt, outcome}  another attempt, or finished before; nothing was changed
         {"NOTDUE", due}  due in ms, 0 when the job has no deadline; nothing was changed
         {"GONE"}         no such job; a dangling entry of the index was removed
Errors   'BADARG <name>', before anything is written.
Cost     O(log unfinished jobs of the bucket). ]]
local SWEEP_MS = 5000
local OUTCOMES = {ok = true, failed = true, timed_out = true, cancelled = true, no_text = true}

local function whole(i, name, least, most)
  local n = tonumber(ARGV[i])
  if n and n >= least and n <= most and n % 1 == 0 then return n end
  error({err = 'BADARG ' .. name})
end

local job_id, outcome, code = ARGV[1], ARGV[3], ARGV[4]
if not job_id or #job_id < 1 or #job_id > 64 or job_id:find('%s') then return redis.error_reply('BADARG job_id') end
local attempt = whole(2, 'attempt', 1, 1000000)
if not outcome or not OUTCOMES[outcome] then return redis.error_reply('BADARG outcome') end
if not code or #code > 1024 then return redis.error_reply('BADARG code') end
local released = whole(5, 'released', 0, 1) == 1
local ttl = whole(6, 'ttl_ms', 1, 86400000)
local only_if_due = whole(7, 'only_if_due', 0, 1) == 1
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'outcome')
if not job[1] then
  redis.call('ZREM', KEYS[3], job_id)
  return {'GONE'}
end
if job[1] == 'FINISHED' or job[1] == 'RELEASED' or tonumber(job[2]) ~= attempt then
  return {'STALE', job[1], tonumber(job[2]), job[3] or ''}
end
if only_if_due then
  local due = tonumber(redis.call('ZSCORE', KEYS[3], job_id) or '0')
  if due == 0 or due > now then return {'NOTDUE', due} end
end

local state = released and 'RELEASED' or 'FINISHED'
local ends = string.format('%.0f', now + ttl)
redis.call('HSET', KEYS[1], 'state', state, 'outcome', outcome, 'code', code, 'done', string.format('%.0f', now))
redis.call('PEXPIREAT', KEYS[1], ends)
redis.call('PEXPIREAT', KEYS[2], ends)
if released then
  redis.call('ZREM', KEYS[3], job_id)
else
  redis.call('ZADD', KEYS[3], string.format('%.0f', now + SWEEP_MS), job_id)
end
return {'OK', state}
