#!lua flags=allow-oom
--[[ room_leave.lua - a session is no member of a room any more; the room ends with its last member.
KEYS[1]  room  HASH  made; "m:" session -> "lang owner joined name"; "x:" receiver " " sender -> "0"
ARGV[1]  session  [A-Za-z0-9._:-]{1,64}
ARGV[2]  owner    instance and connection for which it leaves, 1..128 bytes; "" for whoever it is
Time     not read
Returns  {"OK", session, "lang owner joined name", ...}  the members that are left, by session id; what this member
                      wanted of others, and others of it, is forgotten
         {"NOTFOUND"}  no such room
         {"ABSENT"}    it is no member; nothing was changed
         {"NOTOWNER", owner}  it has joined over another connection since; nothing was changed
Errors   'BADARG <name>', before anything is written.
Cost     O(members * log members + preferences). ]]
local session = ARGV[1]
if not session or #session < 1 or #session > 64 or session:find('[^%w._:-]') then
  return redis.error_reply('BADARG session')
end
local owner = ARGV[2]
if not owner or #owner > 128 or owner:find('%s') then return redis.error_reply('BADARG owner') end

local flat, values, ids, forgotten, found = redis.call('HGETALL', KEYS[1]), {}, {}, {}, false
if #flat == 0 then return {'NOTFOUND'} end
for i = 1, #flat, 2 do
  local kind, rest = flat[i]:match('^([mx]):(.*)$')
  if kind == 'm' and rest == session then
    found = flat[i + 1]
    forgotten[#forgotten + 1] = flat[i]
  elseif kind == 'm' then
    values[rest] = flat[i + 1]
    ids[#ids + 1] = rest
  elseif kind == 'x' then
    local receiver, sender = rest:match('^(%S+) (%S+)$')
    if receiver == session or sender == session then forgotten[#forgotten + 1] = flat[i] end
  end
end
if not found then return {'ABSENT'} end
local held = found:match('^%S+ (%S+)')
if owner ~= '' and held ~= owner then return {'NOTOWNER', held} end
if #ids == 0 then
  redis.call('DEL', KEYS[1])
  return {'OK'}
end
for i = 1, #forgotten, 1000 do
  redis.call('HDEL', KEYS[1], unpack(forgotten, i, math.min(i + 999, #forgotten)))
end
table.sort(ids)
local answer = {'OK'}
for _, id in ipairs(ids) do
  answer[#answer + 1], answer[#answer + 2] = id, values[id]
end
return answer
