/* clock_wall.c - rounds of events, and a timer of the kernel for the sleep in between.
 *
 * Why a timerfd and not the loop's own timers: those count whole milliseconds, and half a millisecond of lateness on the mean is
 * as much as a call to Redis takes. With it a quiet machine runs events some 50 us late. */
#include "sim/redis_host/clock_wall.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "core/base/mem.h"

#define LATENESS_HIGHEST (3600 * USEC_PER_SEC)

struct clock_wall {
    engine *engine;
    usec_t offset; /* engine's time - monotonic clock */
    int alarm;     /* timerfd */
    usec_t set_for;
    uv_loop_t loop;
    uv_poll_t poll;
    histogram *lateness;
};

static usec_t read_clock(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (usec_t)t.tv_sec * USEC_PER_SEC + (usec_t)t.tv_nsec / 1000;
}

usec_t clock_wall_epoch(void) {
    return read_clock(CLOCK_REALTIME);
}

usec_t clock_wall_present(const clock_wall *c) {
    return read_clock(CLOCK_MONOTONIC) + c->offset;
}

void clock_wall_catch_up(clock_wall *c) {
    usec_t now = clock_wall_present(c);
    usec_t first = engine_next(c->engine);
    uint64_t before = engine_events(c->engine);
    engine_run(c->engine, now);
    if (first <= now) histogram_record_n(c->lateness, clock_wall_present(c) - first, engine_events(c->engine) - before);
}

static void on_alarm(uv_poll_t *poll, int status, int events) {
    clock_wall *c = poll->data;
    uint64_t times;
    (void)status;
    (void)events;
    if (read(c->alarm, &times, sizeof times) > 0) c->set_for = USEC_NEVER;
}

/* An instant that has passed goes off at once. */
static void wake_at(clock_wall *c, usec_t at) {
    if (at == c->set_for) return;
    usec_t monotonic = at - c->offset;
    struct itimerspec when = {.it_value = {monotonic / USEC_PER_SEC, monotonic % USEC_PER_SEC * 1000}};
    timerfd_settime(c->alarm, TFD_TIMER_ABSTIME, &when, NULL);
    c->set_for = at;
}

void clock_wall_run(clock_wall *c, usec_t until) {
    for (;;) {
        clock_wall_catch_up(c);
        if (engine_now(c->engine) >= until) return;
        usec_t next = engine_next(c->engine);
        wake_at(c, next < until ? next : until);
        uv_run(&c->loop, UV_RUN_ONCE);
    }
}

struct uv_loop_s *clock_wall_loop(clock_wall *c) {
    return &c->loop;
}

const histogram *clock_wall_lateness(const clock_wall *c) {
    return c->lateness;
}

sched_status clock_wall_new(engine *e, clock_wall **ret_clock, sched_error *err) {
    int alarm = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (alarm < 0) return sched_fail(err, SCHED_EIO, "timerfd: %s", strerror(errno));
    clock_wall *c = mem_zalloc(1, sizeof *c);
    int error = uv_loop_init(&c->loop);
    if (error) {
        close(alarm);
        free(c);
        return sched_fail(err, SCHED_EIO, "event loop: %s", uv_strerror(error));
    }
    c->engine = e;
    c->offset = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
    c->alarm = alarm;
    c->set_for = USEC_NEVER;
    c->lateness = histogram_new(LATENESS_HIGHEST);
    uv_poll_init(&c->loop, &c->poll, alarm);
    c->poll.data = c;
    uv_poll_start(&c->poll, UV_READABLE, on_alarm);
    *ret_clock = c;
    return SCHED_OK;
}

clock_wall *clock_wall_free(clock_wall *c) {
    if (!c) return NULL;
    uv_close((uv_handle_t *)&c->poll, NULL);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    int error = uv_loop_close(&c->loop);
    assert(error == 0 && "somebody left a handle on the loop");
    (void)error;
    close(c->alarm);
    histogram_free(c->lateness);
    free(c);
    return NULL;
}
