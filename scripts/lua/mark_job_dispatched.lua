#!lua
--[[ mark_job_dispatched.lua - CREATED -> DISPATCHED: this attempt goes to this node. Sent is only what was marked.
KEYS[1]  job        HASH  state, attempt, node, sent, ...
KEYS[2]  deadlines  ZSET  job id -> due, ms
ARGV[1]  job id    [A-Za-z0-9._:-]{1,64}
ARGV[2]  attempt   1..1000000
ARGV[3]  node id   [A-Za-z0-9._:-]{1,64}
ARGV[4]  deadline  of the ack or of the attempt, ms from now, 1..86400000
Time     TIME, read once at the top
Returns  {"OK", due}  due in ms; asked again for the same attempt and node it changes nothing and answers what stands
         {"LOST", state, attempt, node}  somebody else moved the job: release the reservation and stop
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
if not job[1] then return {'GONE'} end
local due = redis.call('ZSCORE', KEYS[2], job_id)
if job[1] == 'DISPATCHED' and tonumber(job[2]) == attempt and job[3] == node_id and due then
  return {'OK', tonumber(due)}
end
if job[1] ~= 'CREATED' or tonumber(job[2]) ~= attempt then return {'LOST', job[1], tonumber(job[2]), job[3]} end

redis.call('HSET', KEYS[1], 'state', 'DISPATCHED', 'node', node_id, 'sent', string.format('%.0f', now))
redis.call('ZADD', KEYS[2], string.format('%.0f', now + deadline), job_id)
return {'OK', now + deadline}
