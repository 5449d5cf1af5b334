/* loop_clock.c - a binary heap of timers, and one timer of the loop that is set for its head.
 *
 * Why not a timer of the loop for each: those count whole milliseconds, and fire what falls into one of them in the order of their
 * own heap. The core promises the order of (instant, set) to the microsecond, and sets many timers for "now", which shall not wait
 * for the loop's next turn.
 *
 * Instants count uv_hrtime() plus an offset that is read once. The loop's own time is the same clock in whole milliseconds, rounded
 * down; an alarm is set for the first of these that is not before the instant, so it never comes too early, whatever the loop's idea
 * of the present is.
 *
 * A handle is (generation, slot): a slot's generation moves on when its timer has fired or is cancelled, so an old handle finds
 * nothing. Generations of 32 bits come round after four billion timers of one slot.
 *
 * Invariant: for every i > 0, before(heap[(i - 1) / 2], heap[i]); slots[heap[i].slot].place == i. */
#include "core/daemon/loop_clock.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "core/base/mem.h"

#define LAG_HIGHEST (60 * USEC_PER_SEC)

enum { SETTLE_MAX = 10000, SLOTS_FIRST = 64 };

static const uint32_t no_slot = UINT32_MAX;

typedef struct slot {
    uint32_t generation; /* from 1 */
    uint32_t place;      /* in the heap; of a free slot: the next free one */
    bool ahead;          /* it was set for an instant in the future: how late it comes says something of the loop */
    void (*fire)(void *arg);
    void *arg;
} slot;

typedef struct entry {
    usec_t at;
    uint64_t order;
    uint32_t slot;
} entry;

/* A call that is under way through loop_clock_link(). All of them hang on a chain, because a link that is freed forgets its calls. */
typedef struct flight {
    struct flight *next_free, *next;
    loop_clock *clock;
    link_callback *done;
    void *arg;
} flight;

typedef struct wrapped_link {
    struct wrapped_link *next;
    loop_clock *clock;
    redis_link inner;
} wrapped_link;

struct loop_clock {
    uv_timer_t alarm;
    usec_t offset; /* instant - uv_hrtime() */
    usec_t now;
    usec_t set_for; /* of `alarm`; USEC_NEVER: not set */
    uint64_t orders;
    entry *heap;
    slot *slots;
    uint32_t count, capacity; /* of the heap; there are as many slots */
    uint32_t free_slot;
    bool settling;
    flight *flights, *free_flight;
    wrapped_link *links;
    histogram *lag;
};

static usec_t present(const loop_clock *c) {
    return (usec_t)(uv_hrtime() / 1000) + c->offset;
}

static usec_t loop_clock_now(void *ctx) {
    const loop_clock *c = ctx;
    return c->now;
}

void loop_clock_catch_up(loop_clock *c) {
    c->now = present(c);
}

/* ---- the heap ------------------------------------------------------------------------------------------------------- */

static bool before(const entry *a, const entry *b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void put(loop_clock *c, uint32_t place, entry e) {
    c->heap[place] = e;
    c->slots[e.slot].place = place;
}

static void sift_up(loop_clock *c, uint32_t place, entry e) {
    while (place > 0 && before(&e, &c->heap[(place - 1) / 2])) {
        put(c, place, c->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(c, place, e);
}

static void sift_down(loop_clock *c, uint32_t place, entry e) {
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= c->count) break;
        if (child + 1 < c->count && before(&c->heap[child + 1], &c->heap[child])) child++;
        if (!before(&c->heap[child], &e)) break;
        put(c, place, c->heap[child]);
        place = child;
    }
    put(c, place, e);
}

static void remove_at(loop_clock *c, uint32_t place) {
    slot *s = &c->slots[c->heap[place].slot];
    s->generation = s->generation == UINT32_MAX ? 1 : s->generation + 1;
    s->place = c->free_slot;
    c->free_slot = c->heap[place].slot;
    entry last = c->heap[--c->count];
    if (place == c->count) return;
    if (place > 0 && before(&last, &c->heap[(place - 1) / 2]))
        sift_up(c, place, last);
    else
        sift_down(c, place, last);
}

static void grow(loop_clock *c) {
    uint32_t more = c->capacity ? 2 * c->capacity : SLOTS_FIRST;
    c->heap = mem_realloc(c->heap, more, sizeof *c->heap);
    c->slots = mem_realloc(c->slots, more, sizeof *c->slots);
    for (uint32_t i = more; i-- > c->capacity;) {
        c->slots[i] = (slot){.generation = 1, .place = c->free_slot};
        c->free_slot = i;
    }
    c->capacity = more;
}

/* ---- timers --------------------------------------------------------------------------------------------------------- */

static void on_alarm(uv_timer_t *alarm) {
    loop_clock *c = alarm->data;
    c->set_for = USEC_NEVER;
    loop_clock_catch_up(c);
    loop_clock_settle(c);
}

/* `pause`: at least so many milliseconds, because the loop lets a timer of zero that is set by a timer run before it looks at sockets. */
static void set_alarm(loop_clock *c, usec_t pause) {
    usec_t at = c->count ? c->heap[0].at : USEC_NEVER;
    if (at == c->set_for) return;
    c->set_for = at;
    if (at == USEC_NEVER) {
        uv_timer_stop(&c->alarm);
        return;
    }
    usec_t due = at - c->offset, loop_now = (usec_t)uv_now(c->alarm.loop);
    usec_t due_msec =
        due > INT64_MAX - USEC_PER_MSEC ? INT64_MAX / USEC_PER_MSEC : (due + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
    uv_timer_start(&c->alarm, on_alarm, (uint64_t)(due_msec - loop_now > pause ? due_msec - loop_now : pause), 0);
}

static timer_handle timer_set(void *ctx, usec_t at, void (*fire)(void *arg), void *arg) {
    loop_clock *c = ctx;
    if (c->count == c->capacity) grow(c);
    uint32_t free_slot = c->free_slot;
    slot *s = &c->slots[free_slot];
    c->free_slot = s->place;
    s->fire = fire;
    s->arg = arg;
    s->ahead = at > c->now;
    sift_up(c, c->count++, (entry){.at = at, .order = c->orders++, .slot = free_slot});
    if (!c->settling && c->heap[0].slot == free_slot) set_alarm(c, 0);
    return (timer_handle)s->generation << 32 | free_slot;
}

static void timer_cancel(void *ctx, timer_handle handle) {
    loop_clock *c = ctx;
    uint32_t index = (uint32_t)handle, generation = (uint32_t)(handle >> 32);
    if (!generation || c->slots[index].generation != generation) return;
    remove_at(c, c->slots[index].place);
}

void loop_clock_settle(loop_clock *c) {
    if (c->settling) return;
    c->settling = true;
    for (int runs = 0; runs < SETTLE_MAX && c->count && c->heap[0].at <= c->now; runs++) {
        slot s = c->slots[c->heap[0].slot];
        if (s.ahead) histogram_record(c->lag, c->now - c->heap[0].at);
        remove_at(c, 0);
        s.fire(s.arg);
    }
    c->settling = false;
    set_alarm(c, 1);
}

clock_source loop_clock_source(loop_clock *c) {
    return (clock_source){.now = loop_clock_now, .ctx = c};
}

timer_source loop_clock_timers(loop_clock *c) {
    return (timer_source){.set = timer_set, .cancel = timer_cancel, .ctx = c};
}

const histogram *loop_clock_lag(const loop_clock *c) {
    return c->lag;
}

/* ---- links ---------------------------------------------------------------------------------------------------------- */

static void on_answer(void *arg, link_status status, const redis_reply *reply) {
    flight *f = arg;
    loop_clock *c = f->clock;
    link_callback *done = f->done;
    void *done_arg = f->arg;
    f->next_free = c->free_flight;
    c->free_flight = f;
    loop_clock_catch_up(c);
    done(done_arg, status, reply);
    loop_clock_settle(c);
}

static void link_submit_through(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    wrapped_link *link = ctx;
    loop_clock *c = link->clock;
    flight *f = c->free_flight;
    if (f) {
        c->free_flight = f->next_free;
    } else {
        f = mem_zalloc(1, sizeof *f);
        f->clock = c;
        f->next = c->flights;
        c->flights = f;
    }
    f->done = done;
    f->arg = arg;
    link_submit(&link->inner, call, patience, on_answer, f);
}

redis_link loop_clock_link(loop_clock *c, redis_link inner) {
    wrapped_link *link = mem_zalloc(1, sizeof *link);
    link->clock = c;
    link->inner = inner;
    link->next = c->links;
    c->links = link;
    return (redis_link){.submit = link_submit_through, .ctx = link};
}

/* ---- the clock ------------------------------------------------------------------------------------------------------ */

loop_clock *loop_clock_new(uv_loop_t *loop) {
    loop_clock *c = mem_zalloc(1, sizeof *c);
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    c->offset = (usec_t)wall.tv_sec * USEC_PER_SEC + (usec_t)wall.tv_nsec / 1000 - (usec_t)(uv_hrtime() / 1000);
    c->set_for = USEC_NEVER;
    c->free_slot = no_slot;
    c->lag = histogram_new(LAG_HIGHEST);
    loop_clock_catch_up(c);
    uv_timer_init(loop, &c->alarm);
    c->alarm.data = c;
    return c;
}

static void on_alarm_closed(uv_handle_t *handle) {
    free(handle->data);
}

loop_clock *loop_clock_free(loop_clock *c) {
    if (!c) return NULL;
    assert(!c->settling);
    for (flight *f = c->flights, *next; f; f = next) {
        next = f->next;
        free(f);
    }
    for (wrapped_link *link = c->links, *next; link; link = next) {
        next = link->next;
        free(link);
    }
    free(c->heap);
    free(c->slots);
    histogram_free(c->lag);
    uv_close((uv_handle_t *)&c->alarm, on_alarm_closed);
    return NULL;
}
