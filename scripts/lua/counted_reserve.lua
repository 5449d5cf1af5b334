#!lua
--[[ counted_reserve.lua - an incident: the grant as it was when load was a counter. It is raised here and lowered by counted_release;
nobody lowers it for a reservation that expires, and each heartbeat overwrites it. Kept to be compared with reserve_node, whose arguments
and answers it has, but for marks, trials and the ceiling, which it does not know.
KEYS[1]  node   HASH  ver, status, slots, up, owner, count, ...; count = what load is taken to be
KEYS[2]  resv   ZSET  "job attempt" -> expiry, ms
KEYS[3]  langs  HASH  ver -> "sources|targets"
KEYS[4]  marks  HASH  not read
ARGV     as reserve_node
Time     TIME, read once at the top
Returns  {"OK", load, slots, expiry, owner}, {"GONE"}, {"NOTREADY", status}, {"NOTSERVED", ver}, {"FULL", load, slots}
Errors   'BADARG <name>', before anything is written.
Cost     O(log reservations). ]]
local job_id, src, tgt = ARGV[1], ARGV[4], ARGV[5]
local attempt, ver, mode, hold = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[6]), tonumber(ARGV[7])
if not job_id or #job_id < 1 or #job_id > 64 or job_id:find('%s') then return redis.error_reply('BADARG job_id') end
if not attempt or attempt < 1 or attempt > 1000000 or attempt % 1 ~= 0 then
  return redis.error_reply('BADARG attempt')
end
if not ver or ver < 1 or ver % 1 ~= 0 then return redis.error_reply('BADARG ver') end
if mode ~= 0 and mode ~= 1 and mode ~= 2 then return redis.error_reply('BADARG mode') end
if not hold or hold < 1 or hold > 86400000 or hold % 1 ~= 0 then return redis.error_reply('BADARG hold_ms') end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local node = redis.call('HMGET', KEYS[1], 'ver', 'status', 'slots', 'up', 'owner', 'count')
if not node[1] then return {'GONE'} end
if node[2] ~= 'ready' and node[2] ~= 'degraded' then return {'NOTREADY', node[2]} end
if node[4] == '0' then return {'NOTREADY', 'unready'} end
if tonumber(node[1]) ~= ver then
  local sources, targets = (redis.call('HGET', KEYS[3], node[1]) or '|'):match('^(.*)|(.*)$')
  local serves = (' ' .. sources .. ' '):find(' ' .. src .. ' ', 1, true)
    and (' ' .. targets .. ' '):find(' ' .. tgt .. ' ', 1, true)
  if not serves then return {'NOTSERVED', node[1]} end
end

local member = string.format('%s %.0f', job_id, attempt)
local load, slots = tonumber(node[6] or '0'), tonumber(node[3])
local held = redis.call('ZSCORE', KEYS[2], member)
if not held then
  if mode ~= 0 and load >= slots then return {'FULL', load, slots} end
  load = load + 1
end
local expiry = math.max(now + hold, tonumber(held or '0'))
if mode == 2 then return {'OK', load, slots, expiry, node[5]} end
if not held then redis.call('HSET', KEYS[1], 'count', load) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
redis.call('ZADD', KEYS[2], string.format('%.0f', expiry), member)
redis.call('PEXPIREAT', KEYS[2], redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2])
return {'OK', load, slots, expiry, node[5]}
