#!lua flags=allow-oom
--[[ pool_leave.lua - a node leaves a pair's pool; the last member moves into the hole, so that members stay dense.
A tombstone refuses the join of the same registration that is still under way.
KEYS[1]  members  HASH    position -> "node ver"
KEYS[2]  places   HASH    node id -> position
KEYS[3]  left     STRING  ver with which this node left, for a while
ARGV[1]  node id    [A-Za-z0-9._:-]{1,64}
ARGV[2]  ver        of the registration that leaves, >= 1
ARGV[3]  tombstone  how long the version is remembered, ms, 1..86400000
Time     not read (the tombstone's TTL is relative)
Returns  {"OK", n}       n = members left
         {"ABSENT", n}   it was no member; the tombstone is set all the same
         {"STALE", ver}  it is a member with this higher version; nothing was changed
Errors   'BADARG <name>', before anything is written.
Cost     O(1). ]]
local node_id, ver, tombstone = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if not node_id or #node_id < 1 or #node_id > 64 or node_id:find('%s') then
  return redis.error_reply('BADARG node_id')
end
if not ver or ver < 1 or ver % 1 ~= 0 then return redis.error_reply('BADARG ver') end
if not tombstone or tombstone < 1 or tombstone > 86400000 or tombstone % 1 ~= 0 then
  return redis.error_reply('BADARG tombstone_ms')
end

local n = redis.call('HLEN', KEYS[1])
local place = redis.call('HGET', KEYS[2], node_id)
if place then
  local held = redis.call('HGET', KEYS[1], place):match(' (%d+)$')
  if tonumber(held) > ver then return {'STALE', held} end
  n = n - 1
  local last = redis.call('HGET', KEYS[1], n)
  redis.call('HSET', KEYS[1], place, last)
  redis.call('HSET', KEYS[2], last:match('^%S+'), place)
  redis.call('HDEL', KEYS[1], n)
  redis.call('HDEL', KEYS[2], node_id)
end
local left = math.max(tonumber(redis.call('GET', KEYS[3]) or '0'), ver)
redis.call('SET', KEYS[3], string.format('%.0f', left), 'PX', tombstone)
return {place and 'OK' or 'ABSENT', n}
