/* slowlog.c - the log is read in one answer and sorted into one histogram per script. */
#include "bench/calibrate/slowlog.h"

#include <string.h>

#include "core/base/histogram.h"
#include "core/redis/call.h"

#include <strings.h>

const char *const slowlog_config[] = {"slowlog-log-slower-than", "0", "slowlog-max-len", "400000", NULL};

enum { HIGHEST = 1 << 20, ENTRY_USEC = 2, ENTRY_ARGS = 3 };

/* SCRIPT_NONE: a plain command; SCRIPT_COUNT: nothing that a scheduler sends. */
static script_id kind_of(const redis_reply *args, const scripts *loaded) {
    static const char *const ours[] = {"ZCOUNT", "ZCARD",   "ZRANGEBYSCORE", "GET",        "SET",  "DEL",   "HGET",
                                       "HMGET",  "HGETALL", "EXISTS",        "XREADGROUP", "XACK", "EXPIRE"};
    const char *name = reply_text(reply_at(args, 0));
    if (!strcasecmp(name, "EVALSHA")) {
        const char *sha = reply_text(reply_at(args, 1));
        for (script_id id = 0; id < SCRIPT_COUNT; id++)
            if (!strcmp(scripts_sha(loaded, id), sha)) return id;
    }
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!strcasecmp(name, ours[i])) return SCRIPT_NONE;
    return SCRIPT_COUNT;
}

static slow_figures figures_of(const histogram *h, double sum, int64_t counted) {
    slow_figures f = {.calls = (int64_t)histogram_count(h)};
    if (!f.calls) return f;
    f.p16 = (double)histogram_percentile(h, 16);
    f.p50 = (double)histogram_percentile(h, 50);
    f.p84 = (double)histogram_percentile(h, 84);
    f.mean_usec = counted ? sum / (double)counted : f.p50;
    /* Whole microseconds: below ten of them the spread is the clock's own, about a third of one. */
    f.cv = f.p50 > 0 ? (f.p84 - f.p16) / 2 / f.p50 : 0;
    return f;
}

enum { KINDS = SCRIPT_COUNT + 1 };

static size_t place_of(script_id kind) {
    return kind == SCRIPT_NONE ? SCRIPT_COUNT : (size_t)kind;
}

static void sort_in(const redis_reply *log, const scripts *loaded, histogram *const by_kind[KINDS],
                    slow_times *ret_times) {
    double sum[KINDS] = {0};
    int64_t counted[KINDS] = {0}, bound[KINDS];
    for (size_t i = 0; i < reply_count(log); i++) {
        const redis_reply *entry = reply_at(log, i);
        script_id kind = kind_of(reply_at(entry, ENTRY_ARGS), loaded);
        if (kind != SCRIPT_COUNT) histogram_record(by_kind[place_of(kind)], reply_int(reply_at(entry, ENTRY_USEC)));
    }
    for (size_t k = 0; k < KINDS; k++) bound[k] = histogram_percentile(by_kind[k], 99);
    for (size_t i = 0; i < reply_count(log); i++) {
        const redis_reply *entry = reply_at(log, i);
        script_id kind = kind_of(reply_at(entry, ENTRY_ARGS), loaded);
        int64_t usec = reply_int(reply_at(entry, ENTRY_USEC));
        if (kind == SCRIPT_COUNT || usec > bound[place_of(kind)]) continue;
        sum[place_of(kind)] += (double)usec;
        counted[place_of(kind)]++;
    }
    for (size_t k = 0; k < SCRIPT_COUNT; k++) ret_times->script[k] = figures_of(by_kind[k], sum[k], counted[k]);
    ret_times->command = figures_of(by_kind[SCRIPT_COUNT], sum[SCRIPT_COUNT], counted[SCRIPT_COUNT]);
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
        histogram *by_kind[KINDS];
        for (size_t k = 0; k < KINDS; k++) by_kind[k] = histogram_new(HIGHEST);
        sort_in(log, loaded, by_kind, ret_times);
        for (size_t k = 0; k < KINDS; k++) histogram_free(by_kind[k]);
    }
    sync_reply_free(log);
    return status;
}
