#!lua flags=allow-oom
--[[ room_speak.lua - a member speaks: who is to hear it? The room lives on.
KEYS[1]  room  HASH  made; "m:" session -> "lang owner joined name"; "x:" receiver " " sender -> "0"
ARGV[1]  session  [A-Za-z0-9._:-]{1,64}
ARGV[2]  ttl      of the room without any speech or join, ms, 1..86400000
Time     not read (the TTL is relative)
Returns  {"OK", session, "lang owner joined name", ...}  all members, the speaker too, by session id
         {"NOTFOUND"}  no such room
         {"ABSENT"}    it is no member; nothing was changed
Errors   'BADARG <name>', before anything is written.
Cost     O(members * log members + preferences). ]]
local session, ttl = ARGV[1], tonumber(ARGV[2])
if not session or #session < 1 or #session > 64 or session:find('[^%w._:-]') then
  return redis.error_reply('BADARG session')
end
if not ttl or ttl < 1 or ttl > 86400000 or ttl % 1 ~= 0 then return redis.error_reply('BADARG ttl_ms') end

local flat, values, ids = redis.call('HGETALL', KEYS[1]), {}, {}
if #flat == 0 then return {'NOTFOUND'} end
for i = 1, #flat, 2 do
  local id = flat[i]:match('^m:(.*)$')
  if id then
    values[id] = flat[i + 1]
    ids[#ids + 1] = id
  end
end
if not values[session] then return {'ABSENT'} end
redis.call('PEXPIRE', KEYS[1], ttl)
table.sort(ids)
local answer = {'OK'}
for _, id in ipairs(ids) do
  answer[#answer + 1], answer[#answer + 2] = id, values[id]
end
return answer
