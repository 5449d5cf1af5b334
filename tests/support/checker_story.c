#include "tests/support/checker_story.h"

#include <check.h>

static const lang_pair pair = {"de", "en"};
checker *c;
static trace_sink sink;
usec_t now;

static const char *teller;

static void begin(bool limit, int64_t instances, bool jobs_survive) {
    now = START;
    teller = instances ? "i0" : NULL;
    c = checker_new(&(checker_rules){.start = START,
                                     .bin = SECOND,
                                     .limit = limit,
                                     .pending_limit = 10 * SECOND,
                                     .patience = SECOND,
                                     .gap_limit = 30 * SECOND,
                                     .close_limit = 10 * SECOND,
                                     .affinity = true,
                                     .affinity_ttl = 300 * SECOND,
                                     .instances = instances,
                                     .jobs_survive = jobs_survive});
    sink = checker_sink(c);
}

void set_up_with(bool limit) {
    begin(limit, 0, true);
}

void set_up_several(bool jobs_survive) {
    begin(true, 3, jobs_survive);
}

void told_by(const char *id) {
    teller = id;
}

void set_up(void) {
    set_up_with(true);
}

void tear_down(void) {
    c = checker_free(c);
}

void core(sched_event event) {
    event.at = now;
    if (!event.job) event.job = "";
    if (!event.node) event.node = "";
    if (!event.code) event.code = "";
    if (!event.session) event.session = "s1";
    if (!event.pair) event.pair = &pair;
    trace_event t =
        {.kind = TRACE_CORE, .at = now, .core = &event, .instance = teller, .node_index = -1, .group_index = -1};
    sink.event(sink.ctx, &t);
    now += 1000;
}

void world(trace_event event) {
    event.at = now;
    if (!event.job) event.job = "";
    if (!event.node) event.node = "";
    if (!event.code) event.code = "";
    if (!event.session) event.session = "s1";
    if (!event.pair) event.pair = &pair;
    sink.event(sink.ctx, &event);
    now += 1000;
}

void create(const char *job) {
    core((sched_event){.kind = EV_SUBMITTED, .job = job, .until = now});
    core((sched_event){.kind = EV_CREATED, .job = job, .attempt = 1, .until = now + 10 * SECOND});
}

void reserve(const char *job, int64_t attempt, const char *node, int64_t value) {
    core((sched_event){.kind = EV_RESERVED,
                       .job = job,
                       .attempt = attempt,
                       .node = node,
                       .value = value,
                       .limit = 2,
                       .until = now + 20 * SECOND});
}

void dispatch(const char *job, int64_t attempt, const char *node) {
    core(
        (sched_event){.kind = EV_DISPATCHED, .job = job, .attempt = attempt, .node = node, .until = now + 15 * SECOND});
}

void place(const char *job, int64_t attempt, const char *node) {
    reserve(job, attempt, node, 1);
    dispatch(job, attempt, node);
}

void work(const char *job, int64_t attempt, const char *node) {
    world((trace_event){.kind = TRACE_NODE_FINISHED, .job = job, .attempt = attempt, .node = node});
}

void unreserve(const char *job, int64_t attempt, const char *node) {
    core((sched_event){.kind = EV_UNRESERVED, .job = job, .attempt = attempt, .node = node});
}

void retry(const char *job, int64_t attempt, const char *node) {
    core((sched_event){.kind = EV_RETRY, .job = job, .attempt = attempt, .node = node, .code = "JOB_TIMEOUT"});
}

void finish(const char *job, int64_t attempt, const char *node, job_outcome outcome) {
    core((sched_event){.kind = EV_FINISHED, .job = job, .attempt = attempt, .node = node, .outcome = outcome});
}

void release(const char *job) {
    core((sched_event){.kind = EV_RELEASED, .job = job, .attempt = 1});
}

void whole_job(const char *job) {
    create(job);
    place(job, 1, "n1");
    work(job, 1, "n1");
    unreserve(job, 1, "n1");
    finish(job, 1, "n1", OUTCOME_OK);
    release(job);
}

void bins_pass(int seconds) {
    now += seconds * SECOND;
    world((trace_event){.kind = TRACE_FAULT_END});
}

void expect_clean(void) {
    ck_assert_msg(!checker_broken(c), "%s: %s", violation_name(checker_violation(c, 0)->kind),
                  checker_violation(c, 0)->message);
}

const violation *expect(violation_kind kind) {
    ck_assert_msg(checker_violations(c) == 1, "%zu violations, expected one: %s", checker_violations(c),
                  violation_name(kind));
    const violation *v = checker_violation(c, 0);
    ck_assert_msg(v->kind == kind, "%s (%s), expected %s", violation_name(v->kind), v->message, violation_name(kind));
    ck_assert_uint_eq(checker_count(c, kind), 1);
    ck_assert_ptr_nonnull(v->history);
    return v;
}
