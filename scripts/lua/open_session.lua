#!lua
--[[ open_session.lua - a connection speaks for a session: the newest one wins, and nothing of a former one stays.
Its instance renews the record with renew_session; where that finds none, it opens the session again.
KEYS[1]  session  HASH  owner, opened, src, tgt, two_way
ARGV[1]  owner    instance and connection, 1..128 bytes without spaces
ARGV[2]  src      language tag, 1..16 of [a-z0-9-]
ARGV[3]  tgt      the same
ARGV[4]  two_way  1: speech of either language; 0: of src only
ARGV[5]  ttl      ms, 1..86400000
Time     TIME, read once at the top
Returns  {"OK", former}  the owner of the record that was there, "" when there was none
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local function word(i, name, most, pattern)
  local s = ARGV[i]
  if s and #s >= 1 and #s <= most and not s:find(pattern) then return s end
  error({err = 'BADARG ' .. name})
end

local owner = word(1, 'owner', 128, '%s')
local src = word(2, 'src', 16, '[^a-z0-9-]')
local tgt = word(3, 'tgt', 16, '[^a-z0-9-]')
local two_way = word(4, 'two_way', 1, '[^01]')
local ttl = tonumber(ARGV[5])
if not ttl or ttl < 1 or ttl > 86400000 or ttl % 1 ~= 0 then return redis.error_reply('BADARG ttl_ms') end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local former = redis.call('HGET', KEYS[1], 'owner') or ''
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'owner', owner, 'opened', string.format('%.0f', now), 'src', src, 'tgt', tgt,
  'two_way', two_way)
redis.call('PEXPIRE', KEYS[1], ttl)
return {'OK', former}
