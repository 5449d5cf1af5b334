#!lua
--[[ write_job_copy.lua - what an instance has decided about its job in memory, written behind it. The copy has no say: the one who
writes is right, unless somebody else has begun a later attempt meanwhile, or has ended this one.
KEYS[1]  copy  HASH  state, attempt, node, outcome, code, owner, req, sess, pair, seen
ARGV[1]  job id   [A-Za-z0-9._:-]{1,64}
ARGV[2]  attempt  1..1000000
ARGV[3]  state    CREATED to RELEASED
ARGV[4]  node id  who has the attempt, 0..64 bytes; of a finished job it stays as it was
ARGV[5]  outcome  of a finished job, else ""; 0..16 bytes
ARGV[6]  code     0..1024 bytes
ARGV[7]  ttl      ms, 1..86400000
ARGV[8]  owner    the instance that has the job, 1..128 bytes
When the job is made, also:
ARGV[9]  request id  1..112 bytes
ARGV[10] session     1..64 bytes
ARGV[11] pair        "src:tgt"
Time     TIME, read once at the top
Returns  {"OK"}
         {"MISMATCH", state, attempt}  the copy is ahead; nothing was changed
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local STATES = {CREATED = 1, DISPATCHED = 2, ACCEPTED = 3, RUNNING = 4, FINISHED = 5, RELEASED = 6}

local function word(i, name, least, most)
  local s = ARGV[i]
  if s and #s >= least and #s <= most and not s:find('%s') then return s end
  error({err = 'BADARG ' .. name})
end

local function whole(i, name, least, most)
  local n = tonumber(ARGV[i])
  if n and n >= least and n <= most and n % 1 == 0 then return n end
  error({err = 'BADARG ' .. name})
end

word(1, 'job_id', 1, 64)
local attempt = whole(2, 'attempt', 1, 1000000)
local state = ARGV[3]
if not state or not STATES[state] then return redis.error_reply('BADARG state') end
local node_id = word(4, 'node', 0, 64)
local outcome = word(5, 'outcome', 0, 16)
local code = ARGV[6]
if not code or #code > 1024 then return redis.error_reply('BADARG code') end
local ttl = whole(7, 'ttl_ms', 1, 86400000)
local owner = word(8, 'owner', 1, 128)
local about = {'state', state, 'attempt', attempt, 'owner', owner}
if ARGV[9] then
  about[7], about[8] = 'req', word(9, 'request_id', 1, 112)
  about[9], about[10] = 'sess', word(10, 'session', 1, 64)
  about[11], about[12] = 'pair', word(11, 'pair', 1, 33)
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local stood = redis.call('HMGET', KEYS[1], 'state', 'attempt')
local over = STATES[state] >= STATES.FINISHED
if stood[1] then
  local later = tonumber(stood[2]) or 0
  local ended = (STATES[stood[1]] or 0) >= STATES.FINISHED and not over
  if later > attempt or (later == attempt and ended) then return {'MISMATCH', stood[1], later} end
end
if not over then
  about[#about + 1] = 'node'
  about[#about + 1] = node_id
end
redis.call('HSET', KEYS[1], 'outcome', outcome, 'code', code, 'seen', string.format('%.0f', now), unpack(about))
redis.call('PEXPIRE', KEYS[1], ttl)
return {'OK'}
