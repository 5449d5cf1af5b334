/* redis_data.c - one script walks all keys and adds up, because forty thousand single questions would take longer than the
 * simulation of a minute. SCAN may name a key twice while a table grows, so the script remembers what it has seen. */
#include "sim/measure/redis_data.h"

#include <stdio.h>

static const char walk[] =
    "local seen, keys, bytes, jobs, records, cursor = {}, 0, 0, 0, 0, '0'\n"
    "local inboxes, waiting, dead = 0, 0, 0\n"
    "repeat\n"
    "  local page = redis.call('SCAN', cursor, 'MATCH', ARGV[1], 'COUNT', 1000)\n"
    "  cursor = page[1]\n"
    "  for _, key in ipairs(page[2]) do\n"
    "    if not seen[key] then\n"
    "      seen[key] = true\n"
    "      local size = redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0') or 0\n"
    "      keys, bytes = keys + 1, bytes + size\n"
    "      if key:find('{j%d%d%d}', 1) then jobs = jobs + size end\n"
    "      if key:find('{j%d%d%d}:job:') or key:find('{j%d%d%d}:copy:') then records = records + 1 end\n"
    "      if key:find('{i:[^}]*}:inbox$') then inboxes, waiting = inboxes + 1, waiting + redis.call('XLEN', key) end\n"
    "      if key:find('{i:[^}]*}:dead$') then dead = dead + redis.call('XLEN', key) end\n"
    "    end\n"
    "  end\n"
    "until cursor == '0'\n"
    "return {keys, bytes, jobs, records, inboxes, waiting, dead}\n";

/* Adds what one server has. */
static sched_status measure_one(redis_host *redis, const keyspace *ks, redis_data *sum, sched_error *err) {
    char pattern[KEYSPACE_MAX + 2];
    snprintf(pattern, sizeof pattern, "%s*", ks->prefix);
    redis_call call;
    call_command(&call, "EVAL");
    call_str(&call, walk);
    call_int(&call, 0);
    call_str(&call, pattern);
    redis_reply *reply = NULL;
    sched_status status = redis_host_ask(redis, &call, &reply, err);
    if (status) return status;
    if (reply_count(reply) != 7) status = sched_fail(err, SCHED_EPROTO, "memory of the data: %s", reply_text(reply));
    if (!status) {
        sum->keys += reply_int(reply_at(reply, 0));
        sum->bytes += reply_int(reply_at(reply, 1));
        sum->job_bytes += reply_int(reply_at(reply, 2));
        sum->jobs += reply_int(reply_at(reply, 3));
        sum->inboxes += reply_int(reply_at(reply, 4));
        sum->entries += reply_int(reply_at(reply, 5));
        sum->dead_letters += reply_int(reply_at(reply, 6));
    }
    sync_reply_free(reply);
    return status;
}

sched_status redis_data_measure(redis_host *redis, const keyspace *ks, redis_data *ret_data, sched_error *err) {
    redis_data sum = {0};
    sched_status status = SCHED_OK;
    for (int i = 0; i < redis_host_masters(redis) && !status; i++) {
        redis_host_turn_to(redis, i);
        status = measure_one(redis, ks, &sum, err);
    }
    redis_host_turn_to(redis, 0);
    if (!status) *ret_data = sum;
    return status;
}
