/* slowlog.c - the log is read in one answer and sorted into one histogram per script; INFO tells the rest. */
#include "bench/calibrate/slowlog.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/histogram.h"
#include "core/redis/call.h"

const char *const slowlog_config[] = {"slowlog-log-slower-than", "5", "slowlog-max-len", "400000", NULL};

enum { HIGHEST = 1 << 20, ENTRY_USEC = 2, ENTRY_ARGS = 3 };

/* SCRIPT_COUNT: no call of a script. */
static script_id kind_of(const redis_reply *args, const scripts *loaded) {
    if (strcasecmp(reply_text(reply_at(args, 0)), "EVALSHA") != 0) return SCRIPT_COUNT;
    const char *sha = reply_text(reply_at(args, 1));
    for (script_id id = 0; id < SCRIPT_COUNT; id++)
        if (!strcmp(scripts_sha(loaded, id), sha)) return id;
    return SCRIPT_COUNT;
}

static slow_figures figures_of(const histogram *h, double sum, int64_t counted) {
    slow_figures f = {.calls = (int64_t)histogram_count(h)};
    if (!f.calls) return f;
    f.p16 = (double)histogram_percentile(h, 16);
    f.p50 = (double)histogram_percentile(h, 50);
    f.p84 = (double)histogram_percentile(h, 84);
    f.mean_usec = counted ? sum / (double)counted : f.p50;
    /* Whole microseconds: below ten of them the spread is the clock's own, about a third of one. Beyond the mean it is a machine's that
     * did something else. */
    f.cv = f.p50 > 0 ? fmin((f.p84 - f.p16) / 2 / f.p50, 1) : 0;
    return f;
}

static void sort_in(const redis_reply *log, const scripts *loaded, histogram *const by_script[SCRIPT_COUNT],
                    slow_times *ret_times) {
    double sum[SCRIPT_COUNT] = {0};
    int64_t counted[SCRIPT_COUNT] = {0}, bound[SCRIPT_COUNT];
    for (size_t i = 0; i < reply_count(log); i++) {
        const redis_reply *entry = reply_at(log, i);
        script_id id = kind_of(reply_at(entry, ENTRY_ARGS), loaded);
        if (id != SCRIPT_COUNT) histogram_record(by_script[id], reply_int(reply_at(entry, ENTRY_USEC)));
    }
    for (size_t id = 0; id < SCRIPT_COUNT; id++) bound[id] = histogram_percentile(by_script[id], 99);
    for (size_t i = 0; i < reply_count(log); i++) {
        const redis_reply *entry = reply_at(log, i);
        script_id id = kind_of(reply_at(entry, ENTRY_ARGS), loaded);
        int64_t usec = reply_int(reply_at(entry, ENTRY_USEC));
        if (id == SCRIPT_COUNT || usec > bound[id]) continue;
        sum[id] += (double)usec;
        counted[id]++;
    }
    for (size_t id = 0; id < SCRIPT_COUNT; id++)
        ret_times->script[id] = figures_of(by_script[id], sum[id], counted[id]);
}

/* "cmdstat_hget:calls=12,usec=7,usec_per_call=0.58,..." for each of the commands that schedulers send. */
static slow_figures plain_commands(const char *stats) {
    static const char *const ours[] = {"zcount", "zcard",   "zrangebyscore", "get",        "set",  "del",   "hget",
                                       "hmget",  "hgetall", "exists",        "xreadgroup", "xack", "expire"};
    slow_figures f = {0};
    double usec = 0;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        char name[64];
        long long calls = 0, took = 0;
        snprintf(name, sizeof name, "cmdstat_%s:calls=", ours[i]);
        const char *at = strstr(stats, name);
        if (!at || sscanf(at + strlen(name), "%lld,usec=%lld", &calls, &took) != 2) continue;
        f.calls += calls;
        usec += (double)took;
    }
    if (f.calls) f.mean_usec = usec / (double)f.calls;
    return f;
}

static sched_status read_plain(sync_client *client, slow_figures *ret_figures, sched_error *err) {
    redis_call call;
    redis_reply *reply = NULL;
    call_command(&call, "INFO");
    call_str(&call, "commandstats");
    sched_status status = sync_client_call(client, &call, &reply, err);
    if (!status) *ret_figures = plain_commands(reply_text(reply));
    sync_reply_free(reply);
    return status;
}

sched_status slowlog_read(sync_client *client, const scripts *loaded, slow_times *ret_times, sched_error *err) {
    redis_call call;
    redis_reply *log = NULL;
    call_command(&call, "SLOWLOG");
    call_str(&call, "GET");
    call_str(&call, "-1");
    sched_status status = sync_client_call(client, &call, &log, err);
    if (!status && !reply_is_array(log)) status = sched_fail(err, SCHED_EPROTO, "SLOWLOG GET: %.80s", reply_text(log));
    if (!status && reply_count(log) >= SLOWLOG_ENTRIES_MAX)
        status = sched_fail(err, SCHED_EPROTO, "SLOWLOG has its %d entries: calls are missing", SLOWLOG_ENTRIES_MAX);
    if (!status) {
        histogram *by_script[SCRIPT_COUNT];
        for (size_t id = 0; id < SCRIPT_COUNT; id++) by_script[id] = histogram_new(HIGHEST);
        sort_in(log, loaded, by_script, ret_times);
        for (size_t id = 0; id < SCRIPT_COUNT; id++) histogram_free(by_script[id]);
    }
    sync_reply_free(log);
    return status ? status : read_plain(client, &ret_times->command, err);
}
