/* check_engine.c - the event queue against a plain list that is searched for its minimum. */
#include <stdlib.h>

#include "sim/engine/engine.h"
#include "tests/support/suite.h"

enum { LIST_MAX = 400, IDS_MAX = 20000, START = 1000 };

typedef enum shape { NEAR, SAME_INSTANT, BURSTS, FAR, DIGIT_EDGES, MIXED, SHAPES } shape;

typedef struct listed {
    usec_t at;
    uint64_t id; /* in order of insertion */
    timer_handle handle;
} listed;

typedef struct rig rig;
typedef struct event_arg {
    rig *rig;
    uint64_t id;
} event_arg;

struct rig {
    engine *e;
    uint64_t random;
    shape shape;
    listed list[LIST_MAX];
    int len;
    uint64_t ids;
    event_arg args[IDS_MAX];
    timer_handle gone[64]; /* handles that have run or were cancelled */
    int gone_len;
};

static uint64_t draw(rig *r) { /* splitmix64: the test's own, so that it depends on nothing but the engine */
    uint64_t z = r->random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static usec_t distance(rig *r) {
    shape s = r->shape == MIXED ? (shape)(draw(r) % MIXED) : r->shape;
    switch (s) {
    case NEAR: return (usec_t)(draw(r) % 200);
    case SAME_INSTANT: return 0;
    case BURSTS: return (usec_t)(draw(r) % 4 * 5000);
    case FAR: return (usec_t)(draw(r) >> (3 + draw(r) % 50)); /* up to 73,000 years, all magnitudes */
    case DIGIT_EDGES: return (usec_t)((UINT64_C(1) << (6 * (draw(r) % 9))) - draw(r) % 2);
    default: abort();
    }
}

static void remember_gone(rig *r, timer_handle handle) {
    r->gone[r->gone_len++ % 64] = handle;
}

static void remove_listed(rig *r, int i) {
    remember_gone(r, r->list[i].handle);
    r->list[i] = r->list[--r->len];
}

static int first_listed(const rig *r) {
    int first = 0;
    for (int i = 1; i < r->len; i++) {
        const listed *a = &r->list[i], *b = &r->list[first];
        if (a->at < b->at || (a->at == b->at && a->id < b->id)) first = i;
    }
    return first;
}

static void add_some(rig *r, uint64_t count);

static void cancel_some(rig *r) {
    if (draw(r) % 4 == 0 && r->gone_len > 0) {
        int known = r->gone_len < 64 ? r->gone_len : 64;
        ck_assert_msg(!engine_cancel(r->e, r->gone[draw(r) % (uint64_t)known]), "an old handle cancelled something");
    } else if (r->len > 0) {
        int i = (int)(draw(r) % (uint64_t)r->len);
        ck_assert(engine_cancel(r->e, r->list[i].handle));
        remove_listed(r, i);
    }
}

static void on_event(void *arg) {
    event_arg *a = arg;
    rig *r = a->rig;
    ck_assert_int_gt(r->len, 0);
    int first = first_listed(r);
    ck_assert_uint_eq(a->id, r->list[first].id);
    ck_assert_int_eq(engine_now(r->e), r->list[first].at);
    remove_listed(r, first);
    if (draw(r) % 3 == 0) add_some(r, draw(r) % 4);
    if (draw(r) % 4 == 0) cancel_some(r);
}

static void add_some(rig *r, uint64_t count) {
    for (; count > 0 && r->len < LIST_MAX && r->ids < IDS_MAX; count--) {
        usec_t now = engine_now(r->e), far = distance(r);
        usec_t at = far < USEC_NEVER - now ? now + far : USEC_NEVER - 1;
        event_arg *arg = &r->args[r->ids];
        *arg = (event_arg){.rig = r, .id = r->ids};
        timer_handle handle = engine_at(r->e, at, on_event, arg);
        ck_assert_uint_ne(handle, 0);
        r->list[r->len++] = (listed){.at = at, .id = r->ids++, .handle = handle};
    }
}

static void some_step(rig *r) {
    switch (draw(r) % 6) {
    case 0: add_some(r, 1 + draw(r) % 40); break;
    case 1: cancel_some(r); break;
    case 2: {
        usec_t now = engine_now(r->e), far = distance(r);
        usec_t until = far < USEC_NEVER - now ? now + far : now;
        engine_run(r->e, until);
        ck_assert_int_eq(engine_now(r->e), until);
        if (r->len > 0) ck_assert_int_gt(r->list[first_listed(r)].at, until);
        break;
    }
    default: {
        bool any = r->len > 0;
        ck_assert_int_eq(engine_step(r->e), any);
    }
    }
    ck_assert_uint_eq(engine_pending(r->e), (size_t)r->len);
    ck_assert_int_eq(engine_next(r->e), r->len ? r->list[first_listed(r)].at : USEC_NEVER);
}

START_TEST(events_run_in_order_of_instant_and_insertion_whatever_is_added_and_cancelled) {
    rig *r = calloc(1, sizeof *r);
    for (uint64_t seed = 0; seed < 30; seed++) {
        *r = (rig){.e = engine_new(START), .random = seed * 1000 + (uint64_t)_i, .shape = (shape)_i};
        for (int step = 0; step < 400; step++) some_step(r);
        while (engine_step(r->e)) continue;
        ck_assert_int_eq(r->len, 0);
        engine_free(r->e);
    }
    free(r);
}
END_TEST

static void count(void *arg) {
    ++*(int *)arg;
}

START_TEST(run_executes_what_is_due_at_its_end_and_leaves_the_clock_there) {
    engine *e = engine_new(START);
    int runs = 0;
    engine_at(e, START + 10, count, &runs);
    engine_at(e, START + 11, count, &runs);
    engine_run(e, START + 10);
    ck_assert_int_eq(runs, 1);
    ck_assert_int_eq(engine_now(e), START + 10);
    engine_run(e, START + 500);
    ck_assert_int_eq(runs, 2);
    ck_assert_int_eq(engine_now(e), START + 500);
    ck_assert_uint_eq(engine_events(e), 2);
    ck_assert(!engine_step(e));
    ck_assert_int_eq(engine_next(e), USEC_NEVER);
    engine_free(e);
}
END_TEST

/* The queue has looked at the far event by the time of the first run; the near one must still come first. */
START_TEST(an_event_may_be_added_before_one_that_a_run_has_stopped_at) {
    for (int bits = 1; bits < 60; bits++) {
        engine *e = engine_new(START);
        int near = 0, far = 0;
        usec_t at = START + ((usec_t)1 << bits) + 2;
        engine_at(e, at, count, &far);
        engine_run(e, at - 2);
        ck_assert_int_eq(engine_next(e), at);
        engine_at(e, at - 1, count, &near);
        engine_run(e, at - 1);
        ck_assert_int_eq(near, 1);
        ck_assert_int_eq(far, 0);
        engine_run(e, at);
        ck_assert_int_eq(far, 1);
        engine_free(e);
    }
}
END_TEST

START_TEST(a_stale_handle_never_cancels_the_event_that_took_its_place) {
    engine *e = engine_new(START);
    int runs = 0;
    timer_handle old = engine_at(e, START + 1, count, &runs);
    ck_assert(engine_cancel(e, old));
    for (int i = 0; i < 1000; i++) {
        timer_handle fresh = engine_at(e, START + 1, count, &runs);
        ck_assert_uint_ne(fresh, old);
        ck_assert(!engine_cancel(e, old));
        ck_assert_uint_eq(engine_pending(e), 1);
        ck_assert(engine_cancel(e, fresh));
        old = fresh;
    }
    ck_assert(!engine_cancel(e, 0));
    ck_assert(!engine_step(e));
    ck_assert_int_eq(runs, 0);
    engine_free(e);
}
END_TEST

START_TEST(deadlines_that_are_nearly_always_cancelled_do_not_disturb_the_rest) {
    enum { CALLS = 200000, WINDOW = 50 };
    engine *e = engine_new(START);
    int answers = 0, deadlines = 0;
    timer_handle window[WINDOW] = {0};
    for (int i = 0; i < CALLS; i++) {
        engine_cancel(e, window[i % WINDOW]);
        window[i % WINDOW] = engine_at(e, engine_now(e) + 60 * USEC_PER_SEC, count, &deadlines);
        engine_at(e, engine_now(e) + 3, count, &answers);
        engine_run(e, engine_now(e) + 1);
        ck_assert_uint_le(engine_pending(e), WINDOW + 3);
    }
    while (engine_step(e)) continue;
    ck_assert_int_eq(answers, CALLS);
    ck_assert_int_eq(deadlines, WINDOW);
    engine_free(e);
}
END_TEST

typedef struct instant {
    engine *e;
    int next;
} instant;

typedef struct member {
    instant *of;
    int id;
} member;

static void on_member(void *arg) {
    member *m = arg;
    ck_assert_int_eq(m->id, m->of->next++);
    if (m->id != 50) return;
    for (int i = 0; i < 5000; i++) engine_cancel(m->of->e, engine_at(m->of->e, START + 1000, count, NULL));
}

START_TEST(cancelling_thousands_in_the_middle_of_an_instant_changes_nothing_about_the_rest_of_it) {
    enum { MEMBERS = 100 };
    instant at = {.e = engine_new(START)};
    member members[MEMBERS];
    for (int i = 0; i < MEMBERS; i++) {
        members[i] = (member){.of = &at, .id = i};
        engine_at(at.e, START + 7, on_member, &members[i]);
    }
    engine_run(at.e, START + 2000);
    ck_assert_int_eq(at.next, MEMBERS);
    ck_assert_uint_eq(engine_events(at.e), MEMBERS);
    engine_free(at.e);
}
END_TEST

START_TEST(the_core_sees_the_engine_as_clock_and_timers) {
    engine *e = engine_new(START);
    clock_source clock = engine_clock(e);
    timer_source timers = engine_timers(e);
    int runs = 0;
    engine_run(e, START + 100);
    ck_assert_int_eq(clock_now(&clock), START + 100);
    timers.set(timers.ctx, START + 50, count, &runs); /* has passed: due at once, but not from inside set() */
    ck_assert_int_eq(runs, 0);
    timer_handle later = timers.set(timers.ctx, START + 101, count, &runs);
    engine_run(e, START + 100);
    ck_assert_int_eq(runs, 1);
    timers.cancel(timers.ctx, later);
    timers.cancel(timers.ctx, 0);
    engine_run(e, START + 200);
    ck_assert_int_eq(runs, 1);
    engine_free(e);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("engine");
    tcase_add_loop_test(tests, events_run_in_order_of_instant_and_insertion_whatever_is_added_and_cancelled, 0, SHAPES);
    tcase_add_test(tests, run_executes_what_is_due_at_its_end_and_leaves_the_clock_there);
    tcase_add_test(tests, an_event_may_be_added_before_one_that_a_run_has_stopped_at);
    tcase_add_test(tests, a_stale_handle_never_cancels_the_event_that_took_its_place);
    tcase_add_test(tests, deadlines_that_are_nearly_always_cancelled_do_not_disturb_the_rest);
    tcase_add_test(tests, cancelling_thousands_in_the_middle_of_an_instant_changes_nothing_about_the_rest_of_it);
    tcase_add_test(tests, the_core_sees_the_engine_as_clock_and_timers);
    return suite_run_case("engine", tests);
}
