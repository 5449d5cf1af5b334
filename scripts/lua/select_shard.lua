#!lua flags=no-writes
--[[ select_shard.lua - propose a whole shard of a pair's pool: the members at the positions of one hundred.
The shard is that of a position drawn uniformly, so a shard is chosen in proportion to its members.
KEYS[1]  members  HASH  position -> "node ver"
ARGV[1]  random   integer, uniform in [0, 2^32)
Time     not read
Returns  {n, "node ver", "node ver", ...}  n = members of the pool; at most 100 nodes, by position; {0} for a pool that
         does not exist
Errors   'BADARG random'
Cost     O(100), in one HMGET, whatever n is. ]]
local SPAN = 4294967296
local SHARD = 100

local random = tonumber(ARGV[1])
if not random or random < 0 or random >= SPAN or random % 1 ~= 0 then return redis.error_reply('BADARG random') end

local n = redis.call('HLEN', KEYS[1])
if n == 0 then return {0} end
local first = math.floor(math.floor(random * n / SPAN) / SHARD) * SHARD
local positions = {}
for p = first, math.min(first + SHARD, n) - 1 do positions[#positions + 1] = p end

local proposals = redis.call('HMGET', KEYS[1], unpack(positions))
table.insert(proposals, 1, n)
return proposals
