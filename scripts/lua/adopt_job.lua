#!lua
--[[ adopt_job.lua - the owner of a job is dead, and its request has come again with its sound: the job goes on with a new owner.
Any state before FINISHED -> CREATED with the next attempt. Whatever the former attempt's node still does must not count, because
nobody hears it; so that node is excluded, and its reservation is to be released by the caller.
KEYS[1]  job        HASH  state, attempt, node, owner, tried, ...; tried = nodes of failed attempts, the last 8, by one space
KEYS[2]  deadlines  ZSET  job id -> due, ms
ARGV[1]  job id   [A-Za-z0-9._:-]{1,64}
ARGV[2]  former   the dead owner, as it was read, 1..128 bytes
ARGV[3]  attempt  as it was read, 1..1000000
ARGV[4]  owner    who takes it, 1..128 bytes
ARGV[5]  pending  time until it must be dispatched, ms, 1..86400000
Time     TIME, read once at the top
Returns  {"ADOPTED", attempt + 1, due, node, tried}   due in ms; node = of the former attempt, "" when none had it
         {"STALE", state, attempt, outcome, owner}    another owner or attempt, or finished; nothing was changed
         {"GONE"}                                     no such job; a dangling entry of the index was removed
Errors   'BADARG <name>', before anything is written.
Cost     O(log unfinished jobs of the bucket). ]]
local TRIED_MAX = 8

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

local function append(tried, node_id)
  local list = {}
  for id in tried:gmatch('%S+') do list[#list + 1] = id end
  list[#list + 1] = node_id
  return table.concat(list, ' ', math.max(1, #list - TRIED_MAX + 1))
end

local job_id = word(1, 'job_id', 64)
local former = word(2, 'former', 128)
local attempt = whole(3, 'attempt', 1, 1000000)
local owner = word(4, 'owner', 128)
local pending = whole(5, 'pending_ms', 1, 86400000)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'owner', 'node', 'tried', 'outcome')
local state, node, tried = job[1], job[4], job[5] or ''
if not state then
  redis.call('ZREM', KEYS[2], job_id)
  return {'GONE'}
end
if state == 'FINISHED' or state == 'RELEASED' or tonumber(job[2]) ~= attempt or job[3] ~= former then
  return {'STALE', state, tonumber(job[2]), job[6] or '', job[3]}
end

if node ~= '' then
  tried = append(tried, node)
  redis.call('HSET', KEYS[1], 'tried', tried)
end
redis.call('HDEL', KEYS[1], 'sent')
redis.call('HSET', KEYS[1], 'state', 'CREATED', 'attempt', attempt + 1, 'node', '', 'owner', owner)
redis.call('ZADD', KEYS[2], string.format('%.0f', now + pending), job_id)
return {'ADOPTED', attempt + 1, now + pending, node, tried}
