/* daemon_life.c - from stage to stage, by a step every few milliseconds while something is to be waited for.
 *
 * Why steps and not callbacks: what is waited for (calls to Redis that are out, connections that have not closed, the scheduler's own
 * leaving) has no common end, and each may end without telling. A step looks at what is left. */
#include "core/daemon/daemon_internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/daemon/notify.h"

enum { STEP_MSEC = 10, STATUS_MSEC = 1000 };
#define CLOSE_PATIENCE (1500 * USEC_PER_MSEC) /* of the server, for what is queued, and some */

static void tell_status(linguad *d) {
    static const char *const names[] = {"", "taken for dead; beginning again", "draining", "closing", "over"};
    front_counts counts = front_count(d->front);
    char text[sizeof d->status];
    const char *what = d->stage != STAGE_RUNS ? names[d->stage] : daemon_is_ready(d) ? "ready" : "waiting for Redis";
    snprintf(text, sizeof text, "STATUS=%s: %lld nodes, %lld sessions", what, (long long)counts.nodes,
             (long long)counts.sessions);
    if (!strcmp(text, d->status)) return;
    snprintf(d->status, sizeof d->status, "%s", text);
    notify(d->status);
}

static void pace(linguad *d);

static void enter(linguad *d, stage next) {
    d->stage = next;
    pace(d);
    tell_status(d);
}

/* ---- leaving -------------------------------------------------------------------------------------------------------- */

static void on_scheduler_left(void *arg) {
    linguad *d = arg;
    d->scheduler_left = true;
}

static void close_connections(linguad *d) {
    usec_t patience = daemon_now(d) + CLOSE_PATIENCE;
    server_stop_listening(d->server);
    front_close_all(d->front, 1001, "going away");
    front_use(d->front, NULL, "");
    if (d->until > patience) d->until = patience;
    enter(d, STAGE_CLOSES);
}

static bool is_quiet(const linguad *d) {
    front_counts counts = front_count(d->front);
    bool calls = d->scheduler && scheduler_count(d->scheduler).calls > 0;
    return !calls && counts.nodes + counts.sessions + counts.peers == 0;
}

static void leave(linguad *d) {
    log_write(&d->log, LOG_INFO, "drain_begins", "instance=%s limit_ms=%lld", d->instance_id,
              (long long)(d->config.drain_limit / USEC_PER_MSEC));
    notify("STOPPING=1");
    d->until = daemon_now(d) + d->config.drain_limit;
    if (d->stage == STAGE_LOST) {
        close_connections(d);
        return;
    }
    enter(d, STAGE_LEAVES);
    front_drain(d->front); /* before the scheduler leaves: what was spoken so far still becomes jobs */
    scheduler_leave(d->scheduler, on_scheduler_left, d);
}

/* Calls that are out may come back after the scheduler is gone only if the process is, too. */
static void cut_off(const linguad *d) {
    front_counts counts = front_count(d->front);
    scheduler_counts left = d->scheduler ? scheduler_count(d->scheduler) : (scheduler_counts){.jobs = 0};
    log_write(&d->log, LOG_WARN, "drain_cut", "instance=%s jobs=%lld calls=%lld nodes=%lld sessions=%lld",
              d->instance_id, (long long)left.jobs, (long long)left.calls, (long long)counts.nodes,
              (long long)counts.sessions);
    fflush(NULL);
    _exit(EXIT_FINE);
}

/* ---- steps ---------------------------------------------------------------------------------------------------------- */

static void begin_again(linguad *d) {
    sched_error err;
    daemon_end_instance(d);
    if (daemon_begin_instance(d, &err)) {
        log_write(&d->log, LOG_ERROR, "instance_failed", "reason=\"%s\"", err.message);
        return; /* tried again with the next step */
    }
    enter(d, STAGE_RUNS);
}

static void step_lost(linguad *d) {
    if (d->scheduler && !d->scheduler_left) scheduler_stop(d->scheduler);
    d->scheduler_left = true;
    if (!d->scheduler || scheduler_count(d->scheduler).calls == 0) begin_again(d);
}

static void on_step(uv_timer_t *timer) {
    linguad *d = timer->data;
    loop_clock_catch_up(d->clock);
    bool late = d->stage >= STAGE_LEAVES && daemon_now(d) >= d->until;
    switch (d->stage) {
    case STAGE_RUNS: tell_status(d); break;
    case STAGE_LOST: step_lost(d); break;
    case STAGE_LEAVES:
        if (d->scheduler_left || late) close_connections(d);
        break;
    case STAGE_CLOSES:
        if (is_quiet(d))
            enter(d, STAGE_OVER);
        else if (late)
            cut_off(d);
        break;
    case STAGE_OVER: break;
    }
    loop_clock_settle(d->clock);
    if (d->stage == STAGE_OVER) uv_stop(&d->loop);
}

static void pace(linguad *d) {
    uint64_t every = d->stage == STAGE_RUNS ? STATUS_MSEC : STEP_MSEC;
    uv_timer_start(&d->step, on_step, every, every);
}

/* From inside the scheduler, which must not be touched now. */
void life_instance_lost(void *ctx, const char *why) {
    linguad *d = ctx;
    log_write(&d->log, LOG_ERROR, "instance_ends", "instance=%s why=\"%s\"", d->instance_id, why);
    if (d->stage == STAGE_LEAVES) d->scheduler_left = true;
    if (d->stage != STAGE_RUNS) return;
    front_close_all(d->front, 1012, "service restart");
    front_use(d->front, NULL, "");
    d->scheduler_left = false;
    enter(d, STAGE_LOST);
}

/* ---- signals -------------------------------------------------------------------------------------------------------- */

static void reload(linguad *d) {
    sched_error err;
    daemon_config config;
    secrets *fresh = NULL;
    notify_reloading();
    sched_status status = daemon_config_read(d->options.config_path, &config, &err);
    if (!status) status = daemon_read_secrets(&config, &fresh, &err);
    if (status) {
        log_write(&d->log, LOG_ERROR, "reload_failed", "reason=\"%s\"", err.message);
    } else {
        const char *fixed = daemon_config_fixed(&d->config, &config);
        if (fixed) log_write(&d->log, LOG_WARN, "reload_needs_restart", "section=%s", fixed);
        d->config.tokens = config.tokens;
        d->config.limits = config.limits;
        d->config.log = config.log;
        d->config.drain_limit = config.drain_limit;
        d->writer.format = (log_format)config.log.format;
        d->writer.least = (log_level)config.log.least;
        server_set_limits(d->server, &config.limits);
        secrets_free(d->owned_secrets);
        d->secrets = d->owned_secrets = fresh;
        log_write(&d->log, LOG_INFO, "reloaded", "level=%s", log_level_name(d->writer.least));
    }
    notify("READY=1");
    d->status[0] = '\0';
}

static void interrupt(linguad *d, int number) {
    if (d->interrupts++) {
        log_write(&d->log, LOG_WARN, "ended_at_once", "signal=%d", number);
        _exit(number == SIGINT ? EXIT_INTERRUPTED : EXIT_FAILED);
    }
    leave(d);
}

static void on_signal(uv_signal_t *handle, int number) {
    linguad *d = handle->data;
    loop_clock_catch_up(d->clock);
    if (number == SIGHUP)
        reload(d);
    else
        interrupt(d, number);
    loop_clock_settle(d->clock);
}

static void on_watchdog(uv_timer_t *timer) {
    (void)timer;
    notify("WATCHDOG=1");
}

/* ---- beginning and end ---------------------------------------------------------------------------------------------- */

void life_open(linguad *d) {
    for (int i = 0; i < SIGNALS; i++) {
        uv_signal_init(&d->loop, &d->signals[i]);
        d->signals[i].data = d;
    }
    uv_timer_init(&d->loop, &d->step);
    uv_timer_init(&d->loop, &d->watchdog);
    d->step.data = d->watchdog.data = d;
}

void life_begin(linguad *d) {
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    for (int i = 0; i < SIGNALS; i++) uv_signal_start(&d->signals[i], on_signal, numbers[i]);
    uint64_t watch = (uint64_t)(notify_watchdog_period() / USEC_PER_MSEC);
    if (watch) uv_timer_start(&d->watchdog, on_watchdog, watch, watch);
    notify("READY=1");
    enter(d, STAGE_RUNS);
}

void life_end(linguad *d) {
    for (int i = 0; i < SIGNALS; i++) uv_close((uv_handle_t *)&d->signals[i], NULL);
    uv_close((uv_handle_t *)&d->step, NULL);
    uv_close((uv_handle_t *)&d->watchdog, NULL);
    if (d->stage == STAGE_OVER) log_write(&d->log, LOG_INFO, "ended", "instance=%s", d->instance_id);
}
