#!lua
--[[ room_prefer.lua - whether one member of a room wants to hear another's raw voice; at first everybody does.
KEYS[1]  room  HASH  made; "m:" session -> "lang owner joined name"; "x:" receiver " " sender -> "0"
ARGV[1]  receiver  session, [A-Za-z0-9._:-]{1,64}
ARGV[2]  sender    session, the same
ARGV[3]  wants     1: yes; 0: no
Time     not read
Returns  {"OK"}
         {"NOTFOUND"}  no such room
         {"ABSENT"}    one of them is no member; nothing was changed
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local function word(i, name, most, pattern)
  local s = ARGV[i]
  if s and #s >= 1 and #s <= most and not s:find(pattern) then return s end
  error({err = 'BADARG ' .. name})
end

local receiver = word(1, 'receiver', 64, '[^%w._:-]')
local sender = word(2, 'sender', 64, '[^%w._:-]')
local wants = word(3, 'wants', 1, '[^01]') == '1'

local found = redis.call('HMGET', KEYS[1], 'made', 'm:' .. receiver, 'm:' .. sender)
if not found[1] then return {'NOTFOUND'} end
if not found[2] or not found[3] then return {'ABSENT'} end
local field = string.format('x:%s %s', receiver, sender)
if wants then
  redis.call('HDEL', KEYS[1], field)
else
  redis.call('HSET', KEYS[1], field, '0')
end
return {'OK'}
