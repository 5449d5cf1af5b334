#!lua flags=allow-oom
--[[ confirm_reservation.lua - just before an assignment is written to the node's socket: is it still the node's?
Between the grant and this step the attempt may have been given up, or the node may have gone or come back elsewhere.
KEYS[1]  node  HASH  owner, status, ...
KEYS[2]  resv  ZSET  "job attempt" -> expiry, ms
ARGV[1]  job id   [A-Za-z0-9._:-]{1,64}
ARGV[2]  attempt  1..1000000
ARGV[3]  owner    the connection that the assignment would be written to, 1..128 bytes without spaces
ARGV[4]  hold     ms from now, 1..86400000
Time     TIME, read once at the top
Returns  {"OK", expiry}     in ms; extended, never shortened
         {"STALE", reason}  nothing was changed; the first that is true of: offline (or no such node), owner (another
                            connection speaks for the node), released (or expired)
Errors   'BADARG <name>', before anything is written.
Cost     O(log reservations). ]]
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
local owner = word(3, 'owner', 128)
local hold = whole(4, 'hold_ms', 1, 86400000)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local node = redis.call('HMGET', KEYS[1], 'owner', 'status')
if not node[1] or node[2] == 'offline' then return {'STALE', 'offline'} end
if node[1] ~= owner then return {'STALE', 'owner'} end
local member = string.format('%s %.0f', job_id, attempt)
local held = tonumber(redis.call('ZSCORE', KEYS[2], member) or '0')
if held <= now then return {'STALE', 'released'} end

if held >= now + hold then return {'OK', held} end
local expiry = string.format('%.0f', now + hold)
redis.call('ZADD', KEYS[2], expiry, member)
redis.call('PEXPIREAT', KEYS[2], expiry, 'GT')
return {'OK', now + hold}
