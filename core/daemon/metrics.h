/* metrics.h - what an instance counts, as Prometheus text: fed by the scheduler's events, and by who owns a gauge when it is read.
 *
 * Names begin with lingua_, carry their unit, and have bounded label sets: codes are taken from fixed lists, all else is "other".
 * docs/OPERATIONS.md lists them all. Times run from the arrival of the request (dispatch, end to end) or from the assignment (node),
 * as far as events know it: jobs that were taken over from another instance are in no histogram.
 *
 * Cost  An event: a switch and an increment, no allocation. metrics_text(): O(metrics), some hundred lines, under a millisecond. */
#ifndef CORE_DAEMON_METRICS_H
#define CORE_DAEMON_METRICS_H

#include "core/base/histogram.h"
#include "core/daemon/peers.h"
#include "core/daemon/server.h"
#include "core/instance/instance.h"
#include "core/redis/link_uv.h"
#include "core/scheduler/scheduler.h"
#include "core/wire/frame.h"

typedef struct metrics metrics;

metrics *metrics_new(clock_source clock);
/* Takes NULL, returns NULL. */
metrics *metrics_free(metrics *m);
/* To be called by the scheduler's observer. */
void metrics_event(metrics *m, const sched_event *event);
/* A bad message at a door ("node", "session", "peer"): the error code it was answered with. */
void metrics_refused_message(metrics *m, const char *door, const char *code);
/* A node_error: what the node says of itself. */
void metrics_node_error(metrics *m, const char *code);

/* What others count, at the moment of reading. */
typedef struct metrics_now {
    scheduler_counts scheduler;
    instance_counts instance;
    server_counts server;
    peers_counts peers;
    link_uv_counts redis;
    struct {
        int64_t connections, sessions, jobs, audio_bytes; /* as configured; 0: not told */
    } limits;
    const histogram *loop_lag; /* usec; NULL: not measured */
    const char *instance_id, *version;
    usec_t started;
    bool ready, draining;
} metrics_now;

/* One reference; the text format of Prometheus, version 0.0.4. */
frame *metrics_text(const metrics *m, const metrics_now *now);

/* For /api/v1/stats and the dashboard: rates, counts and percentiles of the last minute (up to ten seconds more). */
typedef struct metrics_figures {
    double over_sec; /* what "the last minute" is: less behind the start */
    double jobs_per_sec, refused_per_sec;
    double dispatch_p50_ms, dispatch_p99_ms, end_to_end_p50_ms, end_to_end_p99_ms; /* 0 when nothing was measured */
    int64_t created, ok, failed, timed_out, cancelled, no_text, refused, retried, late_dropped, waited;
} metrics_figures;

metrics_figures metrics_figure(const metrics *m);
/* The same of the last ten seconds (up to ten more). */
metrics_figures metrics_recent(const metrics *m);

#endif
