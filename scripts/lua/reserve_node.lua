#!lua
--[[ reserve_node.lua - the grant: a node takes one attempt of a job, or says why not. A pool proposes, this decides.
Load is the number of unexpired reservations: a lost release cannot leak, a heartbeat cannot wipe. Asking again for what
is held extends it.
KEYS[1]  node   HASH  ver, status, slots, up, marked, trial, cpu, gpu, mem, owner, ...
KEYS[2]  resv   ZSET  "job attempt" -> expiry, ms
KEYS[3]  langs  HASH  ver -> "sources|targets"
KEYS[4]  marks  HASH  "src:tgt" -> "until service"
ARGV[1]  job id   [A-Za-z0-9._:-]{1,64}
ARGV[2]  attempt  1..1000000
ARGV[3]  ver      of the membership that proposed the node, >= 1
ARGV[4]  src      language tag
ARGV[5]  tgt      language tag
ARGV[6]  mode     0: a full node does not refuse; 1: it does; 2: dry, answers as 1 and writes nothing
ARGV[7]  hold     ms, 1..86400000
ARGV[8]  ceiling  percent of CPU, GPU or memory from which on the node refuses, 0..100000; 0: none
Time     TIME, read once at the top
Returns  {"OK", load, slots, expiry, owner}   load with this one; expiry in ms, never sooner than it was
         otherwise the first of these that is true, and nothing is granted; what is held already meets the first three:
         {"GONE"}                      no such node
         {"NOTREADY", status}          unless ready or degraded; "unready": the node says that its services are not up
         {"NOTSERVED", ver}            it registered again and does not serve the pair now: remove the stale member
         {"MARKED", service, until}    it lacks a model for this pair until then, ms (mark_service)
         {"TRIAL", until}              it is degraded: no job before then, ms; 0: one at a time, and it has one
         {"BUSY", "cpu", percent}      or "gpu" or "mem", the first that has reached the ceiling
         {"FULL", load, slots}
Errors   'BADARG <name>', before anything is written.
Cost     O(log reservations); language lists and marks are read only when `ver` is not current or a mark may stand. ]]
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

local function serves(offer, src, tgt)
  local sources, targets = (offer or '|'):match('^(.*)|(.*)$')
  return (' ' .. sources .. ' '):find(' ' .. src .. ' ', 1, true)
    and (' ' .. targets .. ' '):find(' ' .. tgt .. ' ', 1, true)
end

local job_id = word(1, 'job_id', 64)
local attempt = whole(2, 'attempt', 1, 1000000)
local ver = whole(3, 'ver', 1, 2 ^ 53)
local src = word(4, 'src', 16)
local tgt = word(5, 'tgt', 16)
local mode = whole(6, 'mode', 0, 2)
local hold = whole(7, 'hold_ms', 1, 86400000)
local ceiling = whole(8, 'ceiling', 0, 100000)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local node = redis.call('HMGET', KEYS[1], 'ver', 'status', 'slots', 'up', 'marked', 'trial', 'cpu', 'gpu', 'mem',
  'owner')
local status, slots = node[2], tonumber(node[3])
if not node[1] then return {'GONE'} end
if status ~= 'ready' and status ~= 'degraded' then return {'NOTREADY', status} end
if node[4] == '0' then return {'NOTREADY', 'unready'} end
if tonumber(node[1]) ~= ver and not serves(redis.call('HGET', KEYS[3], node[1]), src, tgt) then
  return {'NOTSERVED', node[1]}
end

local function refusal(load)
  if node[5] and tonumber(node[5]) > now then
    local till, service = (redis.call('HGET', KEYS[4], src .. ':' .. tgt) or ''):match('^(%d+) (%S+)$')
    if till and tonumber(till) > now then return {'MARKED', service, tonumber(till)} end
  end
  if status == 'degraded' then
    local trial = tonumber(node[6] or '0')
    if trial > now then return {'TRIAL', trial} end
    if load > 0 then return {'TRIAL', 0} end
  end
  if ceiling > 0 then
    for i, name in ipairs({'cpu', 'gpu', 'mem'}) do
      local percent = tonumber(node[6 + i] or '0')
      if percent >= ceiling then return {'BUSY', name, percent} end
    end
  end
  if mode ~= 0 and load >= slots then return {'FULL', load, slots} end
end

local load
if mode == 2 then
  load = redis.call('ZCOUNT', KEYS[2], string.format('(%.0f', now), '+inf')
else
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
  load = redis.call('ZCARD', KEYS[2])
end
local member = job_id .. ' ' .. string.format('%.0f', attempt)
local held = load > 0 and tonumber(redis.call('ZSCORE', KEYS[2], member) or '0') or 0
if held <= now then
  local refused = refusal(load)
  if refused then return refused end
  load = load + 1
end
local expiry = math.max(now + hold, held)
if mode ~= 2 then
  local at = string.format('%.0f', expiry)
  redis.call('ZADD', KEYS[2], at, member)
  if load == 1 then
    redis.call('PEXPIREAT', KEYS[2], at)
  else
    redis.call('PEXPIREAT', KEYS[2], at, 'GT')
  end
end
return {'OK', load, slots, expiry, node[10] or ''}
