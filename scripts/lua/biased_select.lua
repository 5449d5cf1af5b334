#!lua flags=no-writes
--[[ biased_select.lua - an incident: a random shard of a pair's pool, then a random member of it, whatever the sizes. With 101 members
the lone one of the second shard is proposed as often as the hundred others together. Kept to be compared with select_node.
KEYS[1]  members  HASH  position -> "node ver"
ARGV[1]  want     proposals at most, 1..8
ARGV[2]  e        number of excluded nodes, 0..20
ARGV[3..]         e node ids, then 2 * want random integers, uniform in [0, 2^32): a shard and a member for each
Time     not read
Returns  {n, "node ver", "node ver", ...}  n = members of the pool; each node once, none of them excluded; {0} for a pool that does
         not exist
Errors   'BADARG <name>'
Cost     O(want + e), in one HMGET, whatever n is. ]]
local SPAN = 4294967296
local SHARD = 100

local want, excluded_count = tonumber(ARGV[1]), tonumber(ARGV[2])
if not want or want < 1 or want > 8 or want % 1 ~= 0 then return redis.error_reply('BADARG want') end
if not excluded_count or excluded_count < 0 or excluded_count > 20 or excluded_count % 1 ~= 0 then
  return redis.error_reply('BADARG e')
end
local first_random = 3 + excluded_count
if #ARGV ~= first_random + 2 * want - 1 then return redis.error_reply('BADARG count') end
for i = first_random, #ARGV do
  local r = tonumber(ARGV[i])
  if not r or r < 0 or r >= SPAN or r % 1 ~= 0 then return redis.error_reply('BADARG random') end
end

local n = redis.call('HLEN', KEYS[1])
if n == 0 then return {0} end
local seen, picks = {}, {}
for i = 0, want - 1 do
  local at = first_random + 2 * i
  local first = math.floor(ARGV[at] * math.ceil(n / SHARD) / SPAN) * SHARD
  local place = first + math.floor(ARGV[at + 1] * math.min(SHARD, n - first) / SPAN)
  if not seen[place] then
    seen[place] = true
    picks[#picks + 1] = place
  end
end

local excluded = {}
for i = 3, 2 + excluded_count do excluded[ARGV[i]] = true end
local proposals = {n}
for _, member in ipairs(redis.call('HMGET', KEYS[1], unpack(picks))) do
  if member and not excluded[member:match('^%S+')] then proposals[#proposals + 1] = member end
end
return proposals
