#!lua
--[[ register_node_v2.lua - a node says who it is and which languages it serves.
A changed offer becomes a new generation, older ones stay until every pool they are in was left (node_assigned).
KEYS[1]  node    HASH  owner, ver, aver, status, slots, services, since, up, seen, ...; since = instant of this version
KEYS[2]  langs   HASH  ver -> "sources|targets", tags separated by one space
KEYS[3]  expiry  ZSET  node id -> instant when it is offline, ms
KEYS[4]  hold    STRING  why an operator keeps the node out
ARGV[1]  node id   [A-Za-z0-9._:-]{1,64}
ARGV[2]  owner     the connection that speaks for it, 1..128 bytes without spaces
ARGV[3]  sources   tags, 1..1100 bytes of [a-z0-9 -]
ARGV[4]  targets   the same
ARGV[5]  slots     jobs at a time, 1..1000000
ARGV[6]  ttl       ms, 1..86400000
ARGV[7]  services  ids by one space, 0..1024 bytes
Time     TIME, read once at the top
Returns  {"OK", ver}   the old one when a live node offers what it offered; else the larger of old + 1 and now in ms:
                       its services count as up, and neither failures nor marks are held against it. A node that is
                       draining stays so until it is offline
         {"HELD", ms}  an operator drained it: it may come back after so long; nothing was changed
         {"BUSY", n}   n = 8 generations wait to be assigned; nothing was changed
Errors   'BADARG <name>', before anything is written.
Cost     O(log nodes of the bucket). ]]
local GENERATIONS_MAX = 8

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

local node_id = word(1, 'node_id', 64, '[^%w._:-]')
local owner = word(2, 'owner', 128, '%s')
local offer = word(3, 'sources', 1100, '[^a-z0-9 -]') .. '|' .. word(4, 'targets', 1100, '[^a-z0-9 -]')
local slots = whole(5, 'slots', 1, 1000000)
local ttl = whole(6, 'ttl_ms', 1, 86400000)
local services = ARGV[7]
if not services or #services > 1024 then return redis.error_reply('BADARG services') end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local held = redis.call('PTTL', KEYS[4])
if held ~= -2 then return {'HELD', math.max(held, 0)} end
local node = redis.call('HMGET', KEYS[1], 'ver', 'status')
local ver, status = node[1], node[2]
local same = ver and status ~= 'offline' and redis.call('HGET', KEYS[2], ver) == offer
if not same then
  local pending = redis.call('HLEN', KEYS[2])
  if pending >= GENERATIONS_MAX then return {'BUSY', pending} end
  ver = string.format('%.0f', math.max((tonumber(ver) or 0) + 1, now))
  redis.call('HSET', KEYS[2], ver, offer)
  redis.call('HSETNX', KEYS[1], 'aver', '0')
  status = status == 'draining' and status or 'registering'
  redis.call('HSET', KEYS[1], 'ver', ver, 'status', status, 'since', string.format('%.0f', now), 'up', 1)
  redis.call('HDEL', KEYS[1], 'hist', 'trial', 'marked')
end
redis.call('HSET', KEYS[1], 'owner', owner, 'slots', slots, 'services', services, 'seen', string.format('%.0f', now))
redis.call('ZADD', KEYS[3], string.format('%.0f', now + ttl), node_id)
return {'OK', ver}
