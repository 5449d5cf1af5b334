#!lua
--[[ room_create.lua - a room and its first member.
KEYS[1]  room  HASH  made, ms; "m:" session -> "lang owner joined name", joined in ms, name is the rest;
                     "x:" receiver " " sender -> "0", the receiver does not want the sender's raw voice
ARGV[1]  session  [A-Za-z0-9._:-]{1,64}
ARGV[2]  lang     that the member wants to hear, 1..16 of [a-z0-9-]; "-" for none
ARGV[3]  owner    instance and connection, 1..128 bytes without spaces
ARGV[4]  name     to show to others, 0..64 bytes
ARGV[5]  ttl      of the room without any speech or join, ms, 1..86400000
Time     TIME, read once at the top
Returns  {"OK"}
         {"EXISTS"}  the code is taken; nothing was changed
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local function word(i, name, most, pattern)
  local s = ARGV[i]
  if s and #s >= 1 and #s <= most and not s:find(pattern) then return s end
  error({err = 'BADARG ' .. name})
end

local session = word(1, 'session', 64, '[^%w._:-]')
local lang = word(2, 'lang', 16, '[^a-z0-9-]')
local owner = word(3, 'owner', 128, '%s')
local name, ttl = ARGV[4], tonumber(ARGV[5])
if not name or #name > 64 then return redis.error_reply('BADARG name') end
if not ttl or ttl < 1 or ttl > 86400000 or ttl % 1 ~= 0 then return redis.error_reply('BADARG ttl_ms') end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if redis.call('EXISTS', KEYS[1]) == 1 then return {'EXISTS'} end
redis.call('HSET', KEYS[1], 'made', string.format('%.0f', now),
  'm:' .. session, string.format('%s %s %.0f %s', lang, owner, now, name))
redis.call('PEXPIRE', KEYS[1], ttl)
return {'OK'}
