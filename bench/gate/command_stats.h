/* command_stats.h - how often a server executed which command, those inside of scripts included.
 *
 * From INFO commandstats. Left out are the commands of whoever looks on, keeps a server in its time, or waits for its start (info,
 * ping, scan, dbsize, debug, and what belongs to script and config): how often these come is not the scheduler's doing. */
#ifndef BENCH_GATE_COMMAND_STATS_H
#define BENCH_GATE_COMMAND_STATS_H

#include <stdint.h>

#include "core/redis/reply.h"
#include "core/redis/sync_client.h"

enum { COMMAND_NAME_MAX = 31, COMMANDS_MAX = 64 };

typedef struct command_stats {
    struct {
        char name[COMMAND_NAME_MAX + 1]; /* "hget" */
        int64_t calls;
    } row[COMMANDS_MAX]; /* by name */
    int count;
    int64_t total;
} command_stats;

/* What to ask a server, and what its answer says. SCHED_EPROTO. */
void command_stats_call(redis_call *call);
sched_status command_stats_read(const redis_reply *reply, command_stats *ret_stats, sched_error *err);
/* Both. */
sched_status command_stats_ask(sync_client *client, command_stats *ret_stats, sched_error *err);
/* What was executed between two looks. */
command_stats command_stats_between(const command_stats *before, const command_stats *after);

#endif
