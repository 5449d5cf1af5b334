#!lua
--[[ failover_reassign_job.lua - any state before FINISHED -> CREATED with the next attempt: the present one has failed.
KEYS[1]  job        HASH  state, attempt, node, tried, ...; tried = nodes of failed attempts, the last 8, by one space
KEYS[2]  deadlines  ZSET  job id -> due, ms
ARGV[1]  job id        [A-Za-z0-9._:-]{1,64}
ARGV[2]  attempt       the one that failed, 1..1000000
ARGV[3]  attempts_max  1..1000000
ARGV[4]  pending       time until it must be dispatched, ms, 1..86400000
ARGV[5]  only_if_due   1: only when the deadline has passed
Time     TIME, read once at the top
Returns  {"RETRY", attempt + 1, due}   due in ms
         {"EXHAUSTED", attempt}        it was the last one; nothing was changed
         {"STALE", state, attempt}     another attempt, or finished; nothing was changed
         {"NOTDUE", due}               due in ms, 0 when the job has no deadline; nothing was changed
         {"GONE"}                      no such job; a dangling entry of the index was removed
Errors   'BADARG <name>', before anything is written.
Cost     O(log unfinished jobs of the bucket). ]]
local TRIED_MAX = 8

local function whole(i, name, least, most)
  local n = tonumber(ARGV[i])
  if n and n >= least and n <= most and n % 1 == 0 then return n end
  error({err = 'BADARG ' .. name})
end

local function append(tried, node_id)
  local list = {}
  for id in tried:gmatch('%S+') do list[#list + 1] = id end
  list[#list + 1] = node_id
  return table.concat(list, ' ', math.max(1, #list - TRIED_MAX + 1))
end

local job_id = ARGV[1]
if not job_id or #job_id < 1 or #job_id > 64 then return redis.error_reply('BADARG job_id') end
local attempt = whole(2, 'attempt', 1, 1000000)
local attempts_max = whole(3, 'attempts_max', 1, 1000000)
local pending = whole(4, 'pending_ms', 1, 86400000)
local only_if_due = whole(5, 'only_if_due', 0, 1) == 1
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'node', 'tried')
if not job[1] then
  redis.call('ZREM', KEYS[2], job_id)
  return {'GONE'}
end
if job[1] == 'FINISHED' or job[1] == 'RELEASED' or tonumber(job[2]) ~= attempt then
  return {'STALE', job[1], tonumber(job[2])}
end
if only_if_due then
  local due = tonumber(redis.call('ZSCORE', KEYS[2], job_id) or '0')
  if due == 0 or due > now then return {'NOTDUE', due} end
end
if attempt >= attempts_max then return {'EXHAUSTED', attempt} end

if job[3] ~= '' then redis.call('HSET', KEYS[1], 'tried', append(job[4] or '', job[3])) end
redis.call('HDEL', KEYS[1], 'sent')
redis.call('HSET', KEYS[1], 'state', 'CREATED', 'attempt', attempt + 1, 'node', '')
redis.call('ZADD', KEYS[2], string.format('%.0f', now + pending), job_id)
return {'RETRY', attempt + 1, now + pending}
