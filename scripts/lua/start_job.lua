#!lua flags=allow-oom
--[[ start_job.lua - DISPATCHED or ACCEPTED -> RUNNING: the node works on it. Not every node acknowledges first.
KEYS[1]  job        HASH  state, attempt, node, ...
KEYS[2]  deadlines  ZSET  job id -> due, ms
ARGV[1]  job id    [A-Za-z0-9._:-]{1,64}
ARGV[2]  attempt   1..1000000
ARGV[3]  node id   who says so, [A-Za-z0-9._:-]{1,64}
ARGV[4]  deadline  of the attempt, ms from now, 1..86400000
Time     TIME, read once at the top
Returns  {"OK", due}  due in ms
         {"STALE", state, attempt, node}  another attempt or node, or the job is past this state; nothing was changed
         {"GONE"}     no such job
Errors   'BADARG <name>', before anything is written.
Cost     O(log unfinished jobs of the bucket). ]]
local function word(i, name, most)
  local s = ARGV[i]
  if s and #s >= 1 and #s <= most and not s:find('%s') then return s end
  error({err = 'BADARG ' .. name})
end

local function whole(i, name, least, most)
  local n = tonumber(ARGV[i])
  if n and n >= least and n <= most and n % 1 == 0 then return n end
  error({err = 'BADARG ' .. name})
end

local job_id = word(1, 'job_id', 64)
local attempt = whole(2, 'attempt', 1, 1000000)
local node_id = word(3, 'node', 64)
local deadline = whole(4, 'deadline_ms', 1, 86400000)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'node')
local state = job[1]
if not state then return {'GONE'} end
if (state ~= 'DISPATCHED' and state ~= 'ACCEPTED') or tonumber(job[2]) ~= attempt or job[3] ~= node_id then
  return {'STALE', state, tonumber(job[2]), job[3]}
end
redis.call('HSET', KEYS[1], 'state', 'RUNNING')
redis.call('ZADD', KEYS[2], string.format('%.0f', now + deadline), job_id)
return {'OK', now + deadline}
