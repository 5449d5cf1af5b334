#!lua flags=allow-oom
--[[ instance_beat.lua - an instance lives: its presence and the life of its inbox are renewed; its inbox is made when it is not there.
KEYS[1]  presence   HASH    token, address, host, pid, since (ms)
KEYS[2]  tombstone  STRING  who adopted it
KEYS[3]  inbox      STREAM  with the group "scheduler"
ARGV[1]  token      of this process, 1..64 of [A-Za-z0-9._:-]
ARGV[2]  address    of its peer link, 0..128 bytes without spaces
ARGV[3]  host       0..128 bytes without spaces
ARGV[4]  pid        0..2^31
ARGV[5]  may_make   1: the first one, or Redis was away and the caller was awake; 0: it may have slept
ARGV[6]  ttl        of the presence, ms, 1..86400000
ARGV[7]  inbox_ttl  ms, 1..864000000
Time     TIME, read once at the top
Returns  {"OK"}
         {"NEW"}      presence was not there, and was made
         {"LOST"}     presence is not there, and may not be made: others may have seen that
         {"BURIED", adopter}  it was taken for dead
         {"TAKEN"}    another process lives under this id
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local function text(i, name, least, most, pattern)
  local s = ARGV[i]
  if s and #s >= least and #s <= most and not s:find(pattern) then return s end
  error({err = 'BADARG ' .. name})
end

local function whole(i, name, least, most)
  local n = tonumber(ARGV[i])
  if n and n >= least and n <= most and n % 1 == 0 then return n end
  error({err = 'BADARG ' .. name})
end

local token = text(1, 'token', 1, 64, '[^%w._:-]')
local address = text(2, 'address', 0, 128, '%s')
local host = text(3, 'host', 0, 128, '%s')
local pid = whole(4, 'pid', 0, 2147483648)
local may_make = whole(5, 'may_make', 0, 1)
local ttl = whole(6, 'ttl_ms', 1, 86400000)
local inbox_ttl = whole(7, 'inbox_ttl_ms', 1, 864000000)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local adopter = redis.call('GET', KEYS[2])
if adopter then return {'BURIED', adopter} end
local present = redis.call('HGET', KEYS[1], 'token')
if present and present ~= token then return {'TAKEN'} end
if not present and may_make == 0 then return {'LOST'} end
if not present then
  redis.call('HSET', KEYS[1], 'token', token, 'address', address, 'host', host, 'pid', string.format('%.0f', pid),
    'since', string.format('%.0f', now))
end
redis.call('PEXPIRE', KEYS[1], ttl)
if redis.call('PEXPIRE', KEYS[3], inbox_ttl) == 0 then
  redis.call('XGROUP', 'CREATE', KEYS[3], 'scheduler', '0', 'MKSTREAM')
  redis.call('PEXPIRE', KEYS[3], inbox_ttl)
end
return {present and 'OK' or 'NEW'}
