#!lua flags=allow-oom
--[[ release_job.lua - FINISHED -> RELEASED: the job holds nothing any more.
KEYS[1]  job        HASH  state, ...
KEYS[2]  deadlines  ZSET  job id -> due, ms
ARGV[1]  job id  [A-Za-z0-9._:-]{1,64}
Time     not read
Returns  {"OK"}
         {"STALE", state}  it is not FINISHED; nothing was changed
         {"GONE"}          no such job; a dangling entry of the index was removed
Errors   'BADARG job_id', before anything is written.
Cost     O(log unfinished jobs of the bucket). ]]
local job_id = ARGV[1]
if not job_id or #job_id < 1 or #job_id > 64 then return redis.error_reply('BADARG job_id') end

local state = redis.call('HGET', KEYS[1], 'state')
if state and state ~= 'FINISHED' then return {'STALE', state} end
redis.call('ZREM', KEYS[2], job_id)
if not state then return {'GONE'} end
redis.call('HSET', KEYS[1], 'state', 'RELEASED')
return {'OK'}
