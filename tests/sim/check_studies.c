/* check_studies.c - the two studies by count: what a crash takes with it, and what Redis says of it afterwards. */
#include <stdio.h>

#include "sim/measure/job_audit.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

#define WORK                                                                                                           \
    "duration: 90s\n"                                                                                                  \
    "warmup: 10s\n"                                                                                                    \
    "languages: {count: 3}\n"                                                                                          \
    "nodes: [{name: gpu, count: 24, slots: 2, acks: yes, starts: yes, reconnect: 2s}]\n"                               \
    "sessions: [{name: talk, concurrent: 60, retry: {after: 8s, times: 4}}]\n"
#define SOON "instance: {presence_ttl: 6s, presence_refresh: 2s}"
#define DUAL "job_store: dual, idempotency: lock"

/* A run, and what became of its jobs. */
typedef struct study {
    bool survive, copies;
    usec_t kept;
    job_lives *lives;
    job_audit audit;
    sim_run *run;
} study;

static void on_drained(void *ctx, redis_host *redis, const keyspace *keys, usec_t now) {
    study *s = ctx;
    sched_error err;
    audit_rules rules = {.copies = s->copies, .kept = s->kept, .now = now};
    ck_assert_msg(!job_audit_measure(redis, keys, s->lives, &rules, &s->audit, &err), "%s", err.message);
}

static void run(study *s, const char *yaml) {
    s->kept = 600 * USEC_PER_SEC;
    s->lives = job_lives_new(&(lives_rules){.kept = s->kept, .jobs_survive = s->survive});
    trace_sink sink = job_lives_sink(s->lives);
    s->run = sim_run_new(yaml, &(sim_run_options){.also = &sink, .drained = on_drained, .ctx = s});
    ck_assert_msg(s->run->facts.drained, "%lld jobs are left", (long long)s->run->facts.jobs_left);
}

static void end(study *s) {
    sim_run_free(s->run);
    job_lives_free(s->lives);
}

/* ---- job state, local or in Redis ----------------------------------------------------------------------------------- */

static study restart_under(const char *phase, bool survive) {
    char yaml[1024];
    study s = {.survive = survive};
    snprintf(yaml, sizeof yaml,
             WORK
             "scheduler: {phase: %s, finished_ttl: 10min, " SOON "}\n"
             "faults: [{at: 40s, instance: crash, which: 0, for: 2s}, {at: 60s, instance: crash, which: 0, for: 2s}]\n",
             phase);
    run(&s, yaml);
    ck_assert_int_eq(job_lives_counts(s.lives)->ends, 2);
    ck_assert_int_gt(job_lives_counts(s.lives)->caught, 5);
    return s;
}

START_TEST(phase_0_loses_every_job_that_is_under_way_at_a_restart) {
    study s = restart_under("0", false);
    const lives_counts *n = job_lives_counts(s.lives);
    ck_assert_uint_eq(checker_gone(s.run->checker), (uint64_t)n->caught);
    ck_assert_int_eq(n->caught_ok, 0);
    end(&s);
}
END_TEST

START_TEST(phase_3_loses_none_and_the_next_process_goes_on_with_them) {
    study s = restart_under("3", true);
    const lives_counts *n = job_lives_counts(s.lives);
    ck_assert_uint_eq(checker_gone(s.run->checker), 0);
    ck_assert_uint_eq(checker_count(s.run->checker, VIOLATION_LOST), 0);
    ck_assert_msg(n->caught_ok >= n->caught * 9 / 10, "%lld of %lld ended well", (long long)n->caught_ok,
                  (long long)n->caught);
    ck_assert_int_gt(n->caught_answered, 0);
    ck_assert_int_eq(job_audit_total(&s.audit), 0);
    end(&s);
}
END_TEST

static lives_counts asked_with(const char *store, bool survive) {
    char yaml[1024];
    study s = {.survive = survive};
    snprintf(yaml, sizeof yaml,
             WORK "instances: {count: 2}\n"
                  "scheduler: {%s, finished_ttl: 10min, " SOON "}\n"
                  "faults: [{at: 40s, instance: crash, which: 0, for: 2s}]\n",
             store);
    run(&s, yaml);
    lives_counts counts = *job_lives_counts(s.lives);
    end(&s);
    return counts;
}

START_TEST(what_is_kept_in_memory_nobody_else_can_tell_and_what_is_in_redis_everybody_can) {
    lives_counts local = asked_with("job_store: memory, idempotency: lease", false);
    lives_counts shared = asked_with("job_store: redis, idempotency: atomic", true);
    ck_assert_int_gt(local.asked_elsewhere, 0);
    ck_assert_int_eq(local.unknown_elsewhere, local.asked_elsewhere);
    ck_assert_int_gt(shared.asked_elsewhere, 0);
    ck_assert_int_eq(shared.unknown_elsewhere, 0);
}
END_TEST

/* ---- complete_task, written twice or once --------------------------------------------------------------------------- */

static job_audit judged(const char *store, bool copies, const char *faults) {
    char yaml[1024];
    study s = {.survive = !copies, .copies = copies};
    snprintf(yaml, sizeof yaml,
             WORK "instances: {count: 2}\n"
                  "scheduler: {%s, finished_ttl: 10min, " SOON "}\n"
                  "faults: [%s]\n",
             store, faults);
    run(&s, yaml);
    job_audit audit = s.audit;
    ck_assert(audit.done);
    ck_assert_int_gt(audit.jobs, 100);
    end(&s);
    return audit;
}

/* Redis stands still for less than a call's patience; what memory has decided meanwhile is not written yet. */
#define BETWEEN "{at: 40s, redis: pause, for: 900ms}, {at: 40.8s, instance: crash, which: 0, for: 2s}"

START_TEST(a_crash_between_two_writes_leaves_copies_that_are_wrong_for_ever) {
    job_audit dual = judged(DUAL, true, BETWEEN);
    ck_assert_int_gt(dual.count[DISAGREES_UNFINISHED], 0);
    ck_assert_int_eq(job_audit_total(&dual), dual.count[DISAGREES_UNFINISHED]);
}
END_TEST

START_TEST(the_same_crash_leaves_no_record_that_is_wrong_where_there_is_one_write) {
    job_audit single = judged("job_store: redis", false, BETWEEN);
    ck_assert_int_eq(job_audit_total(&single), 0);
}
END_TEST

#define AWAY "{at: 40s, redis: disconnect, for: 8s}"

START_TEST(a_second_write_that_an_outage_prevents_is_never_made_up_for) {
    job_audit dual = judged(DUAL, true, AWAY), single = judged("job_store: redis", false, AWAY);
    ck_assert_int_gt(dual.count[DISAGREES_UNFINISHED], 0);
    ck_assert_int_eq(job_audit_total(&single), 0);
}
END_TEST

START_TEST(what_redis_forgot_is_missed_in_either) {
    static const char empty[] = "{at: 40s, redis: restart, data: lost, for: 1s}";
    job_audit dual = judged(DUAL, true, empty), single = judged("job_store: redis", false, empty);
    ck_assert_int_gt(dual.count[DISAGREES_MISSING], 50);
    ck_assert_int_gt(single.count[DISAGREES_MISSING], 50);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        phase_0_loses_every_job_that_is_under_way_at_a_restart,
        phase_3_loses_none_and_the_next_process_goes_on_with_them,
        what_is_kept_in_memory_nobody_else_can_tell_and_what_is_in_redis_everybody_can,
        a_crash_between_two_writes_leaves_copies_that_are_wrong_for_ever,
        the_same_crash_leaves_no_record_that_is_wrong_where_there_is_one_write,
        a_second_write_that_an_outage_prevents_is_never_made_up_for,
        what_redis_forgot_is_missed_in_either,
    };
    return SUITE_RUN("studies", tests);
}
