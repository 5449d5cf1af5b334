#!lua
--[[ room_join.lua - a session becomes a member of a room, or says anew what it wants; the room lives on.
KEYS[1]  room  HASH  made; "m:" session -> "lang owner joined name"; "x:" receiver " " sender -> "0"
ARGV[1]  session      [A-Za-z0-9._:-]{1,64}
ARGV[2]  lang         that the member wants to hear, 1..16 of [a-z0-9-]; "-" for none
ARGV[3]  owner        instance and connection, 1..128 bytes without spaces
ARGV[4]  name         to show to others, 0..64 bytes
ARGV[5]  ttl          of the room without any speech or join, ms, 1..86400000
ARGV[6]  members_max  1..1000
ARGV[7]  langs_max    distinct languages that members want, 1..1000
Time     TIME, read once at the top
Returns  {"OK", session, "lang owner joined name", ...}      all members with this one, by session id
         {"JOINED", session, "lang owner joined name", ...}  it was a member: lang, owner and name are replaced,
                                                             the instant of its first join is kept
         {"NOTFOUND"}  no such room
         {"FULL"}      it has members_max members
         {"LANGS"}     its members would want more than langs_max languages
Errors   'BADARG <name>', before anything is written.
Cost     O(members * log members + preferences). ]]
local function word(i, name, most, pattern)
  local s = ARGV[i]
  if s and #s >= 1 and #s <= most and not s:find(pattern) then return s end
  error({err = 'BADARG ' .. name})
end

local function whole(i, name, least, most)
  local n = tonumber(ARGV[i])
  if n and n >= least and n <= most and n % 1 == 0 then return n end
  error({err = 'BADARG ' .. name})
end

local function read_members()
  local flat, members, ids = redis.call('HGETALL', KEYS[1]), {}, {}
  for i = 1, #flat, 2 do
    local id = flat[i]:match('^m:(.*)$')
    if id then
      members[id] = flat[i + 1]
      ids[#ids + 1] = id
    end
  end
  return members, ids
end

local session = word(1, 'session', 64, '[^%w._:-]')
local lang = word(2, 'lang', 16, '[^a-z0-9-]')
local owner = word(3, 'owner', 128, '%s')
local name = ARGV[4]
if not name or #name > 64 then return redis.error_reply('BADARG name') end
local ttl = whole(5, 'ttl_ms', 1, 86400000)
local members_max = whole(6, 'members_max', 1, 1000)
local langs_max = whole(7, 'langs_max', 1, 1000)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local members, ids = read_members()
if #ids == 0 then return {'NOTFOUND'} end
local former = members[session]
if not former and #ids >= members_max then return {'FULL'} end
local langs, wanted = 0, {['-'] = true}
members[session] = lang
for _, member in pairs(members) do
  local heard = member:match('^%S+')
  if not wanted[heard] then langs = langs + 1 end
  wanted[heard] = true
end
if langs > langs_max then return {'LANGS'} end

local joined = former and former:match('^%S+ %S+ (%d+)') or string.format('%.0f', now)
members[session] = string.format('%s %s %s %s', lang, owner, joined, name)
redis.call('HSET', KEYS[1], 'm:' .. session, members[session])
redis.call('PEXPIRE', KEYS[1], ttl)
if not former then ids[#ids + 1] = session end
table.sort(ids)
local answer = {former and 'JOINED' or 'OK'}
for _, id in ipairs(ids) do
  answer[#answer + 1], answer[#answer + 2] = id, members[id]
end
return answer
