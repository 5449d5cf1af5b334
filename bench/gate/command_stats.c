/* command_stats.c - lines like "cmdstat_hget:calls=12,usec=40,...". The server tells them in the order of its table of commands, which
 * depends on its entropy: they are sorted. */
#include "bench/gate/command_stats.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void command_stats_call(redis_call *call) {
    call_command(call, "INFO");
    call_str(call, "commandstats");
}

static bool is_upkeep(const char *name) {
    static const char *const words[] = {"info", "ping", "scan", "dbsize", "debug", "script", "config", "client"};
    size_t len = strcspn(name, "|");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == len && !strncmp(words[i], name, len)) return true;
    return false;
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, b); /* a row begins with its name */
}

sched_status command_stats_read(const redis_reply *reply, command_stats *ret_stats, sched_error *err) {
    command_stats stats = {0};
    const char *line = reply_text(reply);
    for (; (line = strstr(line, "cmdstat_")); line += strcspn(line, "\n")) {
        char name[COMMAND_NAME_MAX + 1];
        int64_t calls;
        if (sscanf(line, "cmdstat_%31[^:]:calls=%" SCNd64, name, &calls) != 2 || stats.count == COMMANDS_MAX)
            return sched_fail(err, SCHED_EPROTO, "INFO commandstats: cannot read \"%.60s\"", line);
        if (is_upkeep(name)) continue;
        memcpy(stats.row[stats.count].name, name, sizeof name);
        stats.row[stats.count++].calls = calls;
        stats.total += calls;
    }
    qsort(stats.row, (size_t)stats.count, sizeof *stats.row, by_name);
    *ret_stats = stats;
    return SCHED_OK;
}

sched_status command_stats_ask(sync_client *client, command_stats *ret_stats, sched_error *err) {
    redis_call call;
    redis_reply *reply = NULL;
    command_stats_call(&call);
    sched_status status = sync_client_call(client, &call, &reply, err);
    if (!status) status = command_stats_read(reply, ret_stats, err);
    sync_reply_free(reply);
    return status;
}

static int64_t calls_of(const command_stats *stats, const char *name) {
    for (int i = 0; i < stats->count; i++)
        if (!strcmp(stats->row[i].name, name)) return stats->row[i].calls;
    return 0;
}

command_stats command_stats_between(const command_stats *before, const command_stats *after) {
    command_stats between = {.total = after->total - before->total};
    for (int i = 0; i < after->count; i++) {
        int64_t calls = after->row[i].calls - calls_of(before, after->row[i].name);
        if (!calls) continue;
        between.row[between.count] = after->row[i];
        between.row[between.count++].calls = calls;
    }
    return between;
}
