#!lua
--[[ create_job.lua - bind a request to a job and make it: one atomic step, so that a request never has two jobs.
Redis may come back from an older copy, or empty: the owner then makes its unfinished jobs again, with the next attempt.
Job and binding have no TTL until the job is finished; until then the deadline index reaches them.
KEYS[1]  job        HASH    state, attempt, node, owner, sess, utt, pair, audio, req, made
KEYS[2]  req        STRING  job id
KEYS[3]  deadlines  ZSET    job id -> due, ms
ARGV[1]  job id      [A-Za-z0-9._:-]{1,64}
ARGV[2]  request id  1..112 bytes
ARGV[3]  owner       the instance that keeps the audio, 1..128 bytes
ARGV[4]  session     1..64 bytes
ARGV[5]  utterance   0..2^53
ARGV[6]  pair        "src:tgt"
ARGV[7]  audio       length of the speech, ms, 0..86400000
ARGV[8]  pending     time until it must be dispatched, ms, 1..86400000
ARGV[9]  attempt     1..1000000; 1 unless it is made again
Time     TIME, read once at the top
Returns  {"CREATED", due}  due in ms; also when this job stood unfinished, of the same owner, at a lower attempt: then it
         goes back to CREATED with this one, and nothing else of it was changed
         {"EXISTS", job id, state, outcome, attempt}  the request is bound already, also to this very job id. Of another
         job only the id is told ("", "" and 0 follow), because its key was not declared: ask again with that id
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
local request_id = word(2, 'request_id', 112)
local owner = word(3, 'owner', 128)
local session = word(4, 'session', 64)
whole(5, 'utterance', 0, 2 ^ 53)
local pair = word(6, 'pair', 33)
whole(7, 'audio_ms', 0, 86400000)
local pending = whole(8, 'pending_ms', 1, 86400000)
local attempt = whole(9, 'attempt', 1, 1000000)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local bound = redis.call('GET', KEYS[2])
if bound and bound ~= job_id then return {'EXISTS', bound, '', '', 0} end
local job = redis.call('HMGET', KEYS[1], 'state', 'outcome', 'attempt', 'owner')
local state, stood = job[1], tonumber(job[3] or '0')
if state and (state == 'FINISHED' or state == 'RELEASED' or job[4] ~= owner or stood >= attempt) then
  return {'EXISTS', job_id, state, job[2] or '', stood}
end

redis.call('SET', KEYS[2], job_id)
if state then
  redis.call('HDEL', KEYS[1], 'sent')
  redis.call('HSET', KEYS[1], 'state', 'CREATED', 'attempt', attempt, 'node', '')
else
  redis.call('HSET', KEYS[1], 'state', 'CREATED', 'attempt', attempt, 'node', '', 'owner', owner, 'sess', session,
    'utt', ARGV[5], 'pair', pair, 'audio', ARGV[7], 'req', request_id, 'made', string.format('%.0f', now))
end
redis.call('ZADD', KEYS[3], string.format('%.0f', now + pending), job_id)
return {'CREATED', now + pending}
