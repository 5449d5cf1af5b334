#!lua
--[[ pool_join.lua - a node becomes a member of a pair's pool, at the next free position.
Members are dense: positions are 0..n-1 without a hole, so that a pick is one multiplication (select_node). The shard of
a position p is floor(p / 100); 1,000 shards of 100 are the bound.
KEYS[1]  members  HASH    position -> "node ver"
KEYS[2]  places   HASH    node id -> position
KEYS[3]  left     STRING  ver with which this node left, for a while
ARGV[1]  node id  [A-Za-z0-9._:-]{1,64}
ARGV[2]  ver      of the registration that serves this pair, >= 1
Time     not read
Returns  {"OK", position, n}  n = members with this one; a member that joins again keeps its position
         {"STALE", ver}       it left with this version, which is not lower, or is a member with a higher one
         {"POOLFULL", n}
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local MEMBERS_MAX = 100000

local node_id, ver = ARGV[1], tonumber(ARGV[2])
if not node_id or #node_id < 1 or #node_id > 64 or node_id:find('%s') then
  return redis.error_reply('BADARG node_id')
end
if not ver or ver < 1 or ver % 1 ~= 0 then return redis.error_reply('BADARG ver') end

local left = redis.call('GET', KEYS[3])
if left and tonumber(left) >= ver then return {'STALE', left} end

local member = string.format('%s %.0f', node_id, ver)
local n = redis.call('HLEN', KEYS[1])
local place = redis.call('HGET', KEYS[2], node_id)
if place then
  local held = redis.call('HGET', KEYS[1], place):match(' (%d+)$')
  if tonumber(held) > ver then return {'STALE', held} end
  redis.call('HSET', KEYS[1], place, member)
  return {'OK', tonumber(place), n}
end
if n >= MEMBERS_MAX then return {'POOLFULL', n} end
redis.call('HSET', KEYS[1], n, member)
redis.call('HSET', KEYS[2], node_id, n)
return {'OK', n, n + 1}
