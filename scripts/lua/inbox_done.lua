#!lua flags=allow-oom
--[[ inbox_done.lua - entries were handled: acknowledged and deleted in one step.
KEYS[1]  inbox  STREAM  with the group "scheduler"
ARGV     ids of entries, "ms-n", 1..48 of them
Time     not read
Returns  {"OK", n}  so many were there
Errors   'BADARG id', before anything is written.
Cost     O(ids). ]]
if #ARGV < 1 or #ARGV > 48 then return redis.error_reply('BADARG id') end
for _, id in ipairs(ARGV) do
  if not id:find('^%d+%-%d+$') then return redis.error_reply('BADARG id') end
end

redis.call('XACK', KEYS[1], 'scheduler', unpack(ARGV))
return {'OK', redis.call('XDEL', KEYS[1], unpack(ARGV))}
