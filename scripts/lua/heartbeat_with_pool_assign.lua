#!lua flags=allow-oom
--[[ heartbeat_with_pool_assign.lua - a node lives; if its pools are not as registered, say which to leave and join.
The language lists are read in that case only: an unchanged node costs the same with 1 pair and with 1,000.
A node whose services are not up yet joins no pool; one that is draining leaves them all.
KEYS[1]  node    HASH  owner, ver, aver, status, since, up, pools, cpu, gpu, mem, running, seen, ...
KEYS[2]  langs   HASH  ver -> "sources|targets"
KEYS[3]  expiry  ZSET  node id -> instant when it is offline, ms
KEYS[4]  resv    ZSET  "job attempt" -> expiry, ms
ARGV[1]  node id   [A-Za-z0-9._:-]{1,64}
ARGV[2]  owner     as registered
ARGV[3]  ttl       ms, 1..86400000
ARGV[4]  cpu       percent, 0..100000 (a host may count each core as 100)
ARGV[5]  gpu       the same
ARGV[6]  mem       the same
ARGV[7]  running   jobs, 0..1000000
ARGV[8]  up        1: its services are ready; 0: not, or not yet
ARGV[9]  ready     ms, 1..86400000: a node that is registering and not up for so long becomes degraded
ARGV[10] pools     0: whoever asks keeps none; 1 or absent: a node that is ready without them (node_assigned) is told REASSIGN
Time     TIME, read once at the top
Returns  {"OK"}               it is in the pools that it registered for; or it is not up, and its new pools can wait
         {"OK", "DEGRADED"}   the latter, and this made it degraded
         {"REASSIGN", ver, {ver1, "sources", "targets", ver2, ...}}  generations ascending, the last one is `ver`:
                              leave the pairs of the older ones that it lacks, join its pairs, then call node_assigned
         {"DRAINING", ver, load, {ver1, "sources", "targets", ...}}  leave the pairs of all generations; at load 0,
                              which is its unexpired reservations, it may go
         {"GONE"}             no such node, or it is offline: register again
         {"NOTOWNER", owner}  another connection speaks for it; nothing was changed
Errors   'BADARG <name>', before anything is written.
Cost     O(log nodes of the bucket); REASSIGN and DRAINING read at most 8 generations. ]]
local function word(i, name, most, pattern)
  local s = ARGV[i]
  if s and #s >= 1 and #s <= most and not s:find(pattern) then return s end
  error({err = 'BADARG ' .. name})
end

local function number(i, name, least, most)
  local n = tonumber(ARGV[i])
  if n and n >= least and n <= most then return n end
  error({err = 'BADARG ' .. name})
end

local function generations()
  local flat, vers, offers, list = redis.call('HGETALL', KEYS[2]), {}, {}, {}
  for i = 1, #flat, 2 do
    vers[#vers + 1] = flat[i]
    offers[flat[i]] = flat[i + 1]
  end
  table.sort(vers, function(a, b) return tonumber(a) < tonumber(b) end)
  for _, ver in ipairs(vers) do
    local sources, targets = offers[ver]:match('^(.*)|(.*)$')
    list[#list + 1], list[#list + 2], list[#list + 3] = ver, sources, targets
  end
  return list
end

local node_id = word(1, 'node_id', 64, '[^%w._:-]')
local owner = word(2, 'owner', 128, '%s')
local ttl = number(3, 'ttl_ms', 1, 86400000)
number(4, 'cpu', 0, 100000)
number(5, 'gpu', 0, 100000)
number(6, 'mem', 0, 100000)
number(7, 'running', 0, 1000000)
local up = word(8, 'up', 1, '[^01]')
local ready_limit = number(9, 'ready_ms', 1, 86400000)
if ARGV[10] and ARGV[10] ~= '0' and ARGV[10] ~= '1' then return redis.error_reply('BADARG pools') end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local node = redis.call('HMGET', KEYS[1], 'owner', 'ver', 'aver', 'status', 'since', 'pools')
if not node[2] or node[4] == 'offline' then return {'GONE'} end
if node[1] ~= owner then return {'NOTOWNER', node[1]} end
redis.call('HSET', KEYS[1], 'cpu', ARGV[4], 'gpu', ARGV[5], 'mem', ARGV[6], 'running', ARGV[7], 'up', up,
  'seen', string.format('%.0f', now))
redis.call('ZADD', KEYS[3], string.format('%.0f', now + ttl), node_id)
if node[4] == 'draining' then
  redis.call('HSET', KEYS[1], 'aver', 0)
  local load = redis.call('ZCOUNT', KEYS[4], string.format('(%.0f', now), '+inf')
  return {'DRAINING', node[2], load, generations()}
end
if node[2] == node[3] and (node[6] ~= '0' or ARGV[10] == '0') then return {'OK'} end
if up == '0' then
  local never_ready = node[4] == 'registering' and now >= tonumber(node[5] or '0') + ready_limit
  if not never_ready then return {'OK'} end
  redis.call('HSET', KEYS[1], 'status', 'degraded')
  return {'OK', 'DEGRADED'}
end
return {'REASSIGN', node[2], generations()}
