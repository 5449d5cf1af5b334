#!lua
--[[ inbox_add.lua - an entry for another instance, if that one lives and has room; nothing is trimmed for it.
KEYS[1]  presence  HASH
KEYS[2]  inbox     STREAM  kind, from, address, job, session, node, attempt, deadline
ARGV[1]  max       entries of the inbox, 1..1000000
ARGV[2]  kind      1..16 of [a-z]
ARGV[3]  from      the instance that sends it, [A-Za-z0-9._:-]{1,64}
ARGV[4]  address   of its peer link, 0..128 bytes without spaces
ARGV[5]  job       [A-Za-z0-9._:-]{0,64}
ARGV[6]  session   the same
ARGV[7]  node      the same
ARGV[8]  attempt   0..2^53
ARGV[9]  deadline  after it nobody waits any more, ms since 1970, 0..2^53
Time     not read
Returns  {"OK", id}
         {"GONE"}  no such instance, or its presence has lapsed
         {"FULL"}  the inbox has max entries
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local function text(i, name, least, most, pattern)
  local s = ARGV[i]
  if s and #s >= least and #s <= most and not s:find(pattern) then return s end
  error({err = 'BADARG ' .. name})
end

local function whole(i, name, least, most)
  local n = tonumber(ARGV[i])
  if n and n >= least and n <= most and n % 1 == 0 then return string.format('%.0f', n) end
  error({err = 'BADARG ' .. name})
end

local max = tonumber(whole(1, 'max', 1, 1000000))
local entry = {
  'kind', text(2, 'kind', 1, 16, '[^a-z]'),
  'from', text(3, 'from', 1, 64, '[^%w._:-]'),
  'address', text(4, 'address', 0, 128, '%s'),
  'job', text(5, 'job', 0, 64, '[^%w._:-]'),
  'session', text(6, 'session', 0, 64, '[^%w._:-]'),
  'node', text(7, 'node', 0, 64, '[^%w._:-]'),
  'attempt', whole(8, 'attempt', 0, 9007199254740992),
  'deadline', whole(9, 'deadline', 0, 9007199254740992),
}

if redis.call('EXISTS', KEYS[1]) == 0 then return {'GONE'} end
if redis.call('XLEN', KEYS[2]) >= max then return {'FULL'} end
local id = redis.call('XADD', KEYS[2], 'NOMKSTREAM', '*', unpack(entry))
if not id then return {'GONE'} end
return {'OK', id}
