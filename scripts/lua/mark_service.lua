#!lua
--[[ mark_service.lua - a node said that it lacks a model: it is not asked for this pair for a while (reserve_node).
A mark of the same service and pair that is younger than 5 s is answered as it stands, and is not counted.
KEYS[1]  node   HASH  status, marked, mark_n, mark_from, ...; marked = ms until which some mark may stand,
                      mark_n = marks since mark_from, ms
KEYS[2]  marks  HASH  "src:tgt" -> "until service"
ARGV[1]  src      language tag
ARGV[2]  tgt      language tag
ARGV[3]  service  "id@version", 1..128 bytes without spaces
ARGV[4]  mark     how long, ms, 1..86400000
ARGV[5]  limit    marks of the node in one window, 1..1000000
ARGV[6]  window   ms, 1..86400000; the first mark after a window begins the next one
Time     TIME, read once at the top
Returns  {"MARKED", until}  in ms
         {"LIMITED"}        the window has its marks already; nothing was changed
         {"GONE"}           no such node, or it is offline
Errors   'BADARG <name>', before anything is written.
Cost     O(1); where no mark stands, the old ones are removed: O(pairs marked before). ]]
local DEBOUNCE_MS = 5000

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

local pair = word(1, 'src', 16) .. ':' .. word(2, 'tgt', 16)
local service = word(3, 'service', 128)
local mark = whole(4, 'mark_ms', 1, 86400000)
local limit = whole(5, 'limit', 1, 1000000)
local window = whole(6, 'window_ms', 1, 86400000)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local node = redis.call('HMGET', KEYS[1], 'status', 'marked', 'mark_n', 'mark_from')
if not node[1] or node[1] == 'offline' then return {'GONE'} end
local latest = tonumber(node[2] or '0')
if latest > now then
  local before, who = (redis.call('HGET', KEYS[2], pair) or ''):match('^(%d+) (%S+)$')
  before = tonumber(before or '0')
  if who == service and before > math.max(now, now + mark - DEBOUNCE_MS) then return {'MARKED', before} end
else
  latest = 0
end
local n, from = tonumber(node[3] or '0'), tonumber(node[4] or '0')
if now < from or now >= from + window then n, from = 0, now end
if n >= limit then return {'LIMITED'} end

if latest == 0 then redis.call('DEL', KEYS[2]) end
latest = string.format('%.0f', math.max(latest, now + mark))
redis.call('HSET', KEYS[2], pair, string.format('%.0f %s', now + mark, service))
redis.call('PEXPIREAT', KEYS[2], latest)
redis.call('HSET', KEYS[1], 'marked', latest, 'mark_n', n + 1, 'mark_from', string.format('%.0f', from))
return {'MARKED', now + mark}
