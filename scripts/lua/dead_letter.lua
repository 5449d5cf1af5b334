#!lua flags=allow-oom
--[[ dead_letter.lua - an entry that cannot be handled moves to the dead letters of its instance. What it is judged by does not change
when it is claimed: the time in its id, and how often it was delivered.
KEYS[1]  inbox  STREAM  with the group "scheduler"
KEYS[2]  dead   STREAM  the entry's fields; id, deliveries, reason
ARGV[1]  id          of the entry, "ms-n"
ARGV[2]  reason      1..47 bytes
ARGV[3]  after       it is due at this age, ms, 0..86400000; 0: at once
ARGV[4]  deliveries  or after so many, 1..1000
ARGV[5]  ttl         of the dead letters, ms, 1..7776000000
ARGV[6]  max         dead letters of one instance, 1..1000000; then the oldest go
Time     TIME, read once at the top
Returns  {"OK", id}  of the dead letter
         {"NOTDUE"}  nothing was changed
         {"GONE"}    no such entry any more
Errors   'BADARG <name>', before anything is written.
Cost     O(log entries). ]]
local function whole(i, name, least, most)
  local n = tonumber(ARGV[i])
  if n and n >= least and n <= most and n % 1 == 0 then return n end
  error({err = 'BADARG ' .. name})
end

local id, reason = ARGV[1], ARGV[2]
local made = id and id:match('^(%d+)%-%d+$')
if not made then return redis.error_reply('BADARG id') end
if not reason or #reason < 1 or #reason > 47 then return redis.error_reply('BADARG reason') end
local after = whole(3, 'after_ms', 0, 86400000)
local most = whole(4, 'deliveries', 1, 1000)
local ttl = whole(5, 'ttl_ms', 1, 7776000000)
local max = whole(6, 'max', 1, 1000000)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local found = redis.call('XRANGE', KEYS[1], id, id)[1]
if not found then return {'GONE'} end
local pending = redis.pcall('XPENDING', KEYS[1], 'scheduler', id, id, 1) -- an error when nobody made the group
local deliveries = pending[1] and pending[1][4] or 0
if now - tonumber(made) < after and deliveries < most then return {'NOTDUE'} end

local letter = found[2]
for _, word in ipairs({'id', id, 'deliveries', string.format('%.0f', deliveries), 'reason', reason}) do
  letter[#letter + 1] = word
end
local dead = redis.call('XADD', KEYS[2], 'MAXLEN', '=', string.format('%.0f', max), '*', unpack(letter))
redis.call('PEXPIRE', KEYS[2], string.format('%.0f', ttl))
redis.call('XACK', KEYS[1], 'scheduler', id)
redis.call('XDEL', KEYS[1], id)
return {'OK', dead}
