#!lua flags=no-writes
--[[ select_node.lua - propose distinct members of a pair's pool, each equally likely whatever happened before.
A partial Fisher-Yates shuffle over the positions 0..n-1: draw i takes one of the n - i positions not yet taken.
`swapped` holds the few places of the imagined array that have changed, so the array itself is never built.
KEYS[1]  members  HASH  position -> "node ver"
ARGV[1]  want     proposals at most, 1..8
ARGV[2]  e        number of excluded nodes, 0..20
ARGV[3..]         e node ids, then want + e random integers, uniform in [0, 2^32)
Time     not read
Returns  {n, "node ver", "node ver", ...}  n = members of the pool; at most `want` nodes, none of them excluded; when
         n <= want + e: all that are not excluded, if `want` suffices; {0} for a pool that does not exist
Errors   'BADARG <name>'
Cost     O(want + e), in one HMGET, whatever n is. Members are passed on as they stand: in a large pool each string that
         Lua has to make is one that it has not seen before. ]]
local SPAN = 4294967296

local want, excluded_count = tonumber(ARGV[1]), tonumber(ARGV[2])
if not want or want < 1 or want > 8 or want % 1 ~= 0 then return redis.error_reply('BADARG want') end
if not excluded_count or excluded_count < 0 or excluded_count > 20 or excluded_count % 1 ~= 0 then
  return redis.error_reply('BADARG e')
end
local draws = want + excluded_count
local first_random = 3 + excluded_count
if #ARGV ~= first_random + draws - 1 then return redis.error_reply('BADARG count') end
for i = first_random, #ARGV do
  local r = tonumber(ARGV[i])
  if not r or r < 0 or r >= SPAN or r % 1 ~= 0 then return redis.error_reply('BADARG random') end
end

local n = redis.call('HLEN', KEYS[1])
if n == 0 then return {0} end
local swapped, picks = {}, {}
for i = 0, math.min(n, draws) - 1 do
  local j = i + math.floor(ARGV[first_random + i] * (n - i) / SPAN)
  picks[i + 1] = swapped[j] or j
  swapped[j] = swapped[i] or i
end

local function is_excluded(member)
  for i = 3, 2 + excluded_count do
    if member:sub(1, #ARGV[i] + 1) == ARGV[i] .. ' ' then return true end
  end
  return false
end

local proposals = {n}
for _, member in ipairs(redis.call('HMGET', KEYS[1], unpack(picks))) do
  if member and #proposals <= want and not is_excluded(member) then proposals[#proposals + 1] = member end
end
return proposals
