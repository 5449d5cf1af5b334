#!lua flags=allow-oom
--[[ node_offline.lua - a node's connection ended, or it was silent for too long: it gets no more work from now on.
What is left to do (leave its pools, retry its jobs, forget it) is answered; until forget_node it is due again every
`retry`, so that a crash in between leaves nothing behind.
KEYS[1]  node    HASH  owner, ver, aver, status, ...
KEYS[2]  langs   HASH  ver -> "sources|targets"
KEYS[3]  resv    ZSET  "job attempt" -> expiry, ms
KEYS[4]  expiry  ZSET  node id -> instant when it is offline, ms
ARGV[1]  node id    [A-Za-z0-9._:-]{1,64}
ARGV[2]  owner      the connection that ended; "" for a reaper, which must find the node due
ARGV[3]  retry      ms, 1..86400000
ARGV[4]  jobs_max   0..1000: entries of the last list at most
Time     TIME, read once at the top
Returns  {"OFFLINE", ver, owner, {ver1, "sources", "targets", ver2, ...}, {"job attempt", ...}}
                              generations ascending; unexpired reservations, by expiry and then by text
         {"NOTOWNER", owner}  another connection speaks for it; nothing was changed
         {"NOTDUE", due}      a reaper came too early; `due` in ms, 0 when the index does not know the node
         {"GONE"}             no such node; a dangling entry of the index was removed
Errors   'BADARG <name>', before anything is written.
Cost     O(log nodes of the bucket + log reservations + jobs_max); at most 8 generations. ]]
local function whole(i, name, least, most)
  local n = tonumber(ARGV[i])
  if n and n >= least and n <= most and n % 1 == 0 then return n end
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

local node_id, owner = ARGV[1], ARGV[2]
if not node_id or #node_id < 1 or #node_id > 64 then return redis.error_reply('BADARG node_id') end
if not owner then return redis.error_reply('BADARG owner') end
local retry = whole(3, 'retry_ms', 1, 86400000)
local jobs_max = whole(4, 'jobs_max', 0, 1000)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local node = redis.call('HMGET', KEYS[1], 'owner', 'ver')
if not node[2] then
  redis.call('ZREM', KEYS[4], node_id)
  return {'GONE'}
end
if owner ~= '' then
  if owner ~= node[1] then return {'NOTOWNER', node[1]} end
else
  local due = tonumber(redis.call('ZSCORE', KEYS[4], node_id) or '0')
  if due == 0 or due > now then return {'NOTDUE', due} end
end

redis.call('HSET', KEYS[1], 'status', 'offline')
redis.call('ZADD', KEYS[4], string.format('%.0f', now + retry), node_id)
local jobs = redis.call('ZRANGEBYSCORE', KEYS[3], string.format('(%.0f', now), '+inf', 'LIMIT', 0, jobs_max)
return {'OFFLINE', node[2], node[1], generations(), jobs}
