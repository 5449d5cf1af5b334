/* wire_cost.c - why 16 at a time: a scheduler under load sends several calls in one write, and the server reads them in one. A call
 * that travels alone costs it some microseconds of system calls more. */
#include "bench/calibrate/wire_cost.h"

#include <stdlib.h>
#include <string.h>

#include "bench/harness.h"
#include "core/base/histogram.h"
#include "core/redis/call.h"

enum { TOGETHER = 16, ROUNDS = 2500, SHORT = 100, LONG = 1100, ALONE = 5000 };

static sched_status server_cpu(sync_client *client, double *ret_seconds, sched_error *err) {
    static const char *const names[] = {"used_cpu_sys_main_thread:", "used_cpu_user_main_thread:"};
    redis_call call;
    redis_reply *reply = NULL;
    call_command(&call, "INFO");
    call_str(&call, "cpu");
    sched_status status = sync_client_call(client, &call, &reply, err);
    if (status) return status;
    *ret_seconds = 0;
    for (size_t i = 0; i < 2; i++) {
        const char *at = strstr(reply_text(reply), names[i]);
        if (!at) status = sched_fail(err, SCHED_EPROTO, "INFO cpu: no %s", names[i]);
        if (at) *ret_seconds += strtod(at + strlen(names[i]), NULL);
    }
    sync_reply_free(reply);
    return status;
}

static sched_status read_many(sync_client *client, int count, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int i = 0; i < count && !status; i++) {
        redis_reply *reply = NULL;
        status = sync_client_read(client, &reply, err);
        sync_reply_free(reply);
    }
    return status;
}

static void make_echo(redis_call *call, size_t bytes) {
    char text[LONG];
    memset(text, 'x', sizeof text);
    call_command(call, "ECHO");
    call_bytes(call, text, bytes);
}

/* Server CPU of one call among 16, in usec. */
static sched_status echo_cost(sync_client *client, size_t bytes, double *ret_usec, sched_error *err) {
    redis_call call;
    double before, after;
    make_echo(&call, bytes);
    sched_status status = server_cpu(client, &before, err);
    for (int i = 0; i < ROUNDS && !status; i++) {
        for (int k = 0; k < TOGETHER && !status; k++) status = sync_client_append(client, &call, err);
        if (!status) status = read_many(client, TOGETHER, err);
    }
    if (!status) status = server_cpu(client, &after, err);
    if (!status) *ret_usec = (after - before) * 1e6 / (ROUNDS * TOGETHER);
    return status;
}

static sched_status way(sync_client *client, double server_usec, double *ret_usec, sched_error *err) {
    redis_call call;
    histogram *nsec = histogram_new(HISTOGRAM_HIGHEST_MAX);
    sched_status status = SCHED_OK;
    make_echo(&call, SHORT);
    for (int i = 0; i < ALONE && !status; i++) {
        redis_reply *reply = NULL;
        double began = bench_seconds();
        status = sync_client_call(client, &call, &reply, err);
        histogram_record(nsec, (int64_t)((bench_seconds() - began) * 1e9));
        sync_reply_free(reply);
    }
    double rest = (double)histogram_percentile(nsec, 50) / 1e3 - server_usec;
    histogram_free(nsec);
    *ret_usec = rest > 0 ? rest / 2 : 0;
    return status;
}

sched_status wire_cost_measure(sync_client *client, wire_cost *ret_cost, sched_error *err) {
    double small = 0, large = 0, alone = 0;
    sched_status status = echo_cost(client, SHORT, &small, err); /* warms up */
    if (!status) status = echo_cost(client, SHORT, &small, err);
    if (!status) status = echo_cost(client, LONG, &large, err);
    if (!status) status = way(client, small, &alone, err);
    if (status) return status;
    double slope = (large - small) / (LONG - SHORT);
    *ret_cost = (wire_cost){
        .usec_per_call = small - (slope > 0 ? slope : 0) * SHORT,
        .usec_per_byte = slope > 0 ? slope : 0,
        .way_usec = alone,
    };
    return SCHED_OK;
}
