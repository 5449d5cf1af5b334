#!lua
--[[ reserve_node.lua - the grant: a node takes one attempt of a job, or says why not. A pool proposes, this decides.
Load is the number of unexpired reservations: a lost release cannot leak, a heartbeat cannot wipe. Asking again for what
is held extends it (the confirmation just before the message is sent).
KEYS[1]  node   HASH  ver, status, slots, ...
KEYS[2]  resv   ZSET  "job attempt" -> expiry, ms
KEYS[3]  langs  HASH  ver -> "sources|targets"
ARGV[1]  job id   [A-Za-z0-9._:-]{1,64}
ARGV[2]  attempt  1..1000000
ARGV[3]  ver      of the membership that proposed the node, >= 1
ARGV[4]  src      language tag
ARGV[5]  tgt      language tag
ARGV[6]  enforce  1: a full node refuses; 0: reservations are only counted
ARGV[7]  hold     ms, 1..86400000
Time     TIME, read once at the top
Returns  {"OK", load, slots, expiry}  load with this one; expiry in ms
         {"FULL", load, slots}
         {"NOTREADY", status}  unless ready or degraded
         {"NOTSERVED", ver}    the node registered again and does not serve the pair now: remove the stale member
         {"GONE"}              no such node
Errors   'BADARG <name>', before anything is written.
Cost     O(log reservations); the language lists are read only when `ver` is not current. ]]
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
local enforce = whole(6, 'enforce', 0, 1) == 1
local hold = whole(7, 'hold_ms', 1, 86400000)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local node = redis.call('HMGET', KEYS[1], 'ver', 'status', 'slots')
if not node[1] then return {'GONE'} end
if node[2] ~= 'ready' and node[2] ~= 'degraded' then return {'NOTREADY', node[2]} end
if tonumber(node[1]) ~= ver and not serves(redis.call('HGET', KEYS[3], node[1]), src, tgt) then
  return {'NOTSERVED', node[1]}
end

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
local member = string.format('%s %.0f', job_id, attempt)
local load, slots = redis.call('ZCARD', KEYS[2]), tonumber(node[3])
local held = redis.call('ZSCORE', KEYS[2], member)
if not held then
  if enforce and load >= slots then return {'FULL', load, slots} end
  load = load + 1
end
local expiry = math.max(now + hold, tonumber(held or '0'))
redis.call('ZADD', KEYS[2], string.format('%.0f', expiry), member)
if redis.call('PEXPIRETIME', KEYS[2]) < expiry then
  redis.call('PEXPIREAT', KEYS[2], string.format('%.0f', expiry))
end
return {'OK', load, slots, expiry}
