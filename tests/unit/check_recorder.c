/* check_recorder.c - hand-written streams of events, and the figures that follow from them by hand. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/measure/recorder.h"
#include "tests/support/suite.h"

#define START  INT64_C(1700000000000000)
#define SECOND USEC_PER_SEC
#define MS     USEC_PER_MSEC

static const lang_pair de_en = {"de", "en"};
static recorder *r;
static trace_sink sink;

static void set_up_for(usec_t duration, usec_t bin) {
    r = recorder_new(&(recorder_options){.start = START,
                                         .warmup = 10 * SECOND,
                                         .duration = duration,
                                         .bin = bin,
                                         .herd = 15 * SECOND,
                                         .nodes = 3,
                                         .groups = 1});
    sink = recorder_sink(r);
}

static void set_up(void) {
    set_up_for(100 * SECOND, SECOND);
}

static void tear_down(void) {
    r = recorder_free(r);
}

static void end(void) {
    recorder_end(r, START + 200 * SECOND);
}

/* Instants are given since the start. */
static void core(usec_t at, sched_event event) {
    event.at = START + at;
    if (!event.job) event.job = "";
    if (!event.node) event.node = "";
    if (!event.code) event.code = "";
    event.session = "s1";
    if (!event.pair) event.pair = &de_en;
    trace_event t = {.kind = TRACE_CORE, .at = event.at, .core = &event, .node_index = -1, .group_index = -1};
    sink.event(sink.ctx, &t);
}

static void client(usec_t at, trace_kind kind, uint64_t utterance, job_outcome outcome) {
    trace_event t = {.kind = kind,
                     .at = START + at,
                     .job = "",
                     .node = "",
                     .session = "s1",
                     .code = "",
                     .node_index = -1,
                     .group_index = -1,
                     .pair = &de_en,
                     .utterance = utterance,
                     .outcome = outcome};
    sink.event(sink.ctx, &t);
}

static void node(usec_t at, trace_kind kind, int32_t index, int64_t value, const char *job, int64_t attempt,
                 usec_t length) {
    trace_event t = {.kind = kind,
                     .at = START + at,
                     .job = job,
                     .node = "n",
                     .session = "",
                     .code = "",
                     .node_index = index,
                     .group_index = 0,
                     .attempt = attempt,
                     .value = value,
                     .length = length};
    sink.event(sink.ctx, &t);
}

static void create(usec_t arrived, usec_t at, const char *job) {
    core(at, (sched_event){.kind = EV_SUBMITTED, .job = job, .until = START + arrived});
    core(at, (sched_event){.kind = EV_CREATED, .job = job, .attempt = 1});
}

static void dispatch(usec_t at, const char *job, int64_t attempt) {
    core(at, (sched_event){.kind = EV_DISPATCHED, .job = job, .attempt = attempt, .node = "n"});
}

static void finish(usec_t at, const char *job, job_outcome outcome, const char *code) {
    core(at, (sched_event){.kind = EV_FINISHED, .job = job, .attempt = 1, .outcome = outcome, .code = code});
}

/* Sent at `at`, everything else at a fixed distance from it. */
static void whole_job(usec_t at, uint64_t utterance, const char *job) {
    client(at, TRACE_CLIENT_SENT, utterance, OUTCOME_NONE);
    create(at + 20 * MS, at + 21 * MS, job);
    dispatch(at + 25 * MS, job, 1);
    node(at + 35 * MS, TRACE_NODE_RECEIVED, 0, 0, job, 1, 0);
    node(at + 65 * MS, TRACE_NODE_STARTED, 0, 1, job, 1, 0);
    node(at + 465 * MS, TRACE_NODE_FINISHED, 0, 0, job, 1, 400 * MS);
    finish(at + 480 * MS, job, OUTCOME_OK, "");
    client(at + 500 * MS, TRACE_CLIENT_ANSWERED, utterance, OUTCOME_OK);
}

static void session(void) {
    client(0, TRACE_SESSION_OPENED, 0, OUTCOME_NONE);
    node(0, TRACE_NODE_UP, 0, 4, "", 0, 0);
}

static void expect_latency(latency_kind kind, uint64_t count, usec_t max) {
    const histogram *h = recorder_latency(r, kind);
    ck_assert_msg(histogram_count(h) == count && histogram_max(h) == max,
                  "%s: %llu values up to %lld usec, expected %llu up to %lld", latency_name(kind),
                  (unsigned long long)histogram_count(h), (long long)histogram_max(h), (unsigned long long)count,
                  (long long)max);
}

START_TEST(each_latency_lies_between_its_two_events) {
    set_up();
    session();
    whole_job(20 * SECOND, 1, "j1");
    end();
    expect_latency(LATENCY_PLACEMENT, 1, 5 * MS);
    expect_latency(LATENCY_DISPATCH, 1, 10 * MS);
    expect_latency(LATENCY_QUEUE_WAIT, 1, 30 * MS);
    expect_latency(LATENCY_SERVICE, 1, 400 * MS);
    expect_latency(LATENCY_END_TO_END, 1, 500 * MS);
    ck_assert_int_eq(histogram_max(recorder_group_latency(r, 0, LATENCY_QUEUE_WAIT)), 30 * MS);
    ck_assert_int_eq(histogram_max(recorder_group_latency(r, 0, LATENCY_SERVICE)), 400 * MS);
    tear_down();
}
END_TEST

START_TEST(warm_up_is_counted_but_its_latencies_are_not) {
    set_up();
    session();
    whole_job(9970 * MS, 1, "j1"); /* reaches us 10 ms before the warm-up ends */
    whole_job(9985 * MS, 2, "j2"); /* reaches us 5 ms after it, but was sent before */
    end();
    const job_counts *n = recorder_counts(r);
    ck_assert_int_eq(n->submitted, 2);
    ck_assert_int_eq(n->ended[OUTCOME_OK], 2);
    expect_latency(LATENCY_PLACEMENT, 1, 5 * MS);
    expect_latency(LATENCY_END_TO_END, 0, 0);
    tear_down();
}
END_TEST

START_TEST(what_began_in_the_window_is_measured_even_when_it_ends_after_it) {
    set_up();
    session();
    whole_job(99900 * MS, 1, "j1");
    whole_job(100000 * MS, 2, "j2");
    end();
    expect_latency(LATENCY_END_TO_END, 1, 500 * MS);
    expect_latency(LATENCY_SERVICE, 1, 400 * MS);
    ck_assert_int_eq(recorder_counts(r)->created, 2);
    ck_assert_int_eq(recorder_counts(r)->created_in_run, 1);
    tear_down();
}
END_TEST

START_TEST(placement_is_measured_once_and_old_attempts_at_nodes_not_at_all) {
    set_up();
    session();
    create(20 * SECOND, 20 * SECOND, "j1");
    dispatch(20 * SECOND + 5 * MS, "j1", 1);
    core(35 * SECOND, (sched_event){.kind = EV_RETRY, .job = "j1", .attempt = 2, .code = "JOB_TIMEOUT"});
    dispatch(36 * SECOND, "j1", 2);
    node(36 * SECOND + MS, TRACE_NODE_RECEIVED, 0, 0, "j1", 1, 0);
    node(36 * SECOND + 2 * MS, TRACE_NODE_STARTED, 0, 1, "j1", 1, 0);
    node(36 * SECOND + 3 * MS, TRACE_NODE_FINISHED, 0, 0, "j1", 1, MS);
    finish(37 * SECOND, "j1", OUTCOME_TIMED_OUT, "JOB_TIMEOUT");
    end();
    expect_latency(LATENCY_PLACEMENT, 1, 5 * MS);
    expect_latency(LATENCY_DISPATCH, 0, 0);
    expect_latency(LATENCY_QUEUE_WAIT, 0, 0);
    expect_latency(LATENCY_SERVICE, 0, 0);
    ck_assert_int_eq(recorder_counts(r)->retried, 1);
    ck_assert_str_eq(recorder_counts(r)->retried_by.row[0].code, "JOB_TIMEOUT");
    ck_assert_str_eq(recorder_counts(r)->failed_by.row[0].code, "JOB_TIMEOUT");
    tear_down();
}
END_TEST

/* Its request was refused, but the call that made it happened later; the sweep ends it. */
START_TEST(a_job_that_was_never_created_does_not_count_when_it_ends) {
    set_up();
    core(3 * SECOND, (sched_event){.kind = EV_FINISHED, .job = "j9", .outcome = OUTCOME_FAILED, .code = "owner_lost"});
    end();
    const job_counts *n = recorder_counts(r);
    ck_assert_int_eq(n->ended[OUTCOME_FAILED], 0);
    ck_assert_int_eq(n->in_flight, 0);
    tear_down();
}
END_TEST

START_TEST(refusals_are_counted_by_reason_and_take_no_part_in_end_to_end) {
    set_up();
    session();
    for (uint64_t i = 1; i <= 3; i++) {
        client(20 * SECOND, TRACE_CLIENT_SENT, i, OUTCOME_NONE);
        core(20 * SECOND, (sched_event){.kind = EV_SUBMITTED, .until = START + 20 * SECOND});
        core(20 * SECOND,
             (sched_event){.kind = EV_REFUSED, .code = i < 3 ? "INVALID_MESSAGE" : "SCHEDULER_OVERLOADED"});
        client(20 * SECOND, TRACE_CLIENT_ANSWERED, i, OUTCOME_NONE);
    }
    end();
    const job_counts *n = recorder_counts(r);
    ck_assert_int_eq(n->submitted, 3);
    ck_assert_int_eq(n->refused, 3);
    ck_assert_int_eq(n->created, 0);
    ck_assert_uint_eq(n->refused_by.count, 2);
    ck_assert_str_eq(n->refused_by.row[0].code, "INVALID_MESSAGE");
    ck_assert_int_eq(n->refused_by.row[0].count, 2);
    expect_latency(LATENCY_END_TO_END, 0, 0);
    tear_down();
}
END_TEST

START_TEST(reasons_beyond_the_table_are_counted_as_other) {
    set_up();
    for (int i = 0; i < CODES_MAX + 10; i++) {
        char code[16];
        snprintf(code, sizeof code, "CODE_%d", i);
        core(SECOND, (sched_event){.kind = EV_REFUSED, .code = code});
    }
    end();
    const code_table *t = &recorder_counts(r)->refused_by;
    ck_assert_uint_eq(t->count, CODES_MAX);
    ck_assert_str_eq(t->row[CODES_MAX - 1].code, "other");
    ck_assert_int_eq(t->row[CODES_MAX - 1].count, 11);
    tear_down();
}
END_TEST

START_TEST(a_bin_tells_what_happened_in_it_and_what_stood_at_its_end) {
    set_up();
    session();
    create(2 * SECOND, 2 * SECOND, "j1");
    core(2500 * MS, (sched_event){.kind = EV_WAITING, .job = "j1", .attempt = 1, .value = 1});
    create(2999 * MS, 2999 * MS, "j2");
    finish(3 * SECOND, "j2", OUTCOME_FAILED, "X"); /* at the border: in the next bin */
    dispatch(3 * SECOND, "j1", 1);
    end();
    size_t count;
    const series_row *row = recorder_series(r, &count);
    ck_assert_uint_eq(count, 100);
    ck_assert_int_eq(row[2].submitted, 2);
    ck_assert_int_eq(row[2].created, 2);
    ck_assert_int_eq(row[2].in_flight, 2);
    ck_assert_int_eq(row[2].waiting, 1);
    ck_assert_int_eq(row[2].ended[OUTCOME_FAILED], 0);
    ck_assert_int_eq(row[3].ended[OUTCOME_FAILED], 1);
    ck_assert_int_eq(row[3].in_flight, 1);
    ck_assert_int_eq(row[3].waiting, 0);
    ck_assert_int_eq(row[99].in_flight, 1);
    tear_down();
}
END_TEST

START_TEST(slots_in_use_are_averaged_over_the_bin) {
    set_up();
    node(0, TRACE_NODE_UP, 0, 4, "", 0, 0);
    node(5250 * MS, TRACE_NODE_STARTED, 0, 1, "j1", 1, 0);
    node(5500 * MS, TRACE_NODE_STARTED, 0, 2, "j2", 1, 0);
    node(6500 * MS, TRACE_NODE_DOWN, 0, 0, "", 0, 0);
    end();
    size_t count;
    const series_row *row = recorder_series(r, &count);
    ck_assert_double_eq_tol(row[5].busy_slots, 0.25 * 1 + 0.5 * 2, 1e-12);
    ck_assert_double_eq_tol(row[5].slots, 4, 1e-12);
    ck_assert_double_eq_tol(row[6].busy_slots, 0.5 * 2, 1e-12);
    ck_assert_double_eq_tol(row[6].slots, 2, 1e-12);
    ck_assert_int_eq(row[5].nodes_up, 1);
    ck_assert_int_eq(row[6].nodes_up, 0);
    ck_assert_double_eq_tol(row[7].slots, 0, 1e-12);
    tear_down();
}
END_TEST

START_TEST(latencies_of_answers_are_told_by_bin) {
    set_up();
    session();
    whole_job(2 * SECOND, 1, "j1");
    end();
    size_t count;
    const series_row *row = recorder_series(r, &count);
    ck_assert_int_eq(row[2].answered, 1);
    ck_assert_int_eq(row[2].e2e_p95, 500 * MS);
    ck_assert_int_eq(row[3].answered, 0);
    ck_assert_int_eq(row[3].e2e_max, 0);
    tear_down();
}
END_TEST

/* 1 s is ten doublings of about a millisecond: 40 rows of a quarter, less what 1,000 lacks to 1,024. */
START_TEST(answers_are_mapped_by_time_and_by_how_long_they_took) {
    static const usec_t latencies[] = {2048 * MS, 2047 * MS, 1000 * MS, 2 * MS, 1 * MS, 0};
    static const size_t rows[] = {44, 43, 39, 4, 0, 0};
    usec_t at = 20 * SECOND;
    set_up();
    session();
    for (uint64_t i = 0; i < 6; i++) client(at - latencies[i], TRACE_CLIENT_SENT, i + 1, OUTCOME_NONE);
    for (uint64_t i = 0; i < 6; i++) client(at, TRACE_CLIENT_ANSWERED, i + 1, OUTCOME_OK);
    client(99 * SECOND, TRACE_CLIENT_SENT, 7, OUTCOME_NONE);
    client(150 * SECOND, TRACE_CLIENT_ANSWERED, 7, OUTCOME_OK);
    end();
    const latency_map *map = recorder_latency_map(r);
    ck_assert_uint_eq(map->columns, 100);
    ck_assert_uint_eq(map->answers[20], 6);
    for (size_t i = 0; i < 6; i++) ck_assert_msg(map->count[rows[i]][20] > 0, "nothing in row %zu", rows[i]);
    uint64_t all = 0;
    for (size_t row = 0; row < LATENCY_ROWS; row++)
        for (size_t column = 0; column < map->columns; column++) all += map->count[row][column];
    ck_assert_uint_eq(all, 6);
    tear_down();
}
END_TEST

START_TEST(traffic_with_redis_falls_into_the_bin_before_the_border) {
    set_up();
    recorder_redis(r, START + 100 * MS, 10, 1000);
    recorder_redis(r, START + SECOND, 30, 3000);
    recorder_redis(r, START + SECOND + 100 * MS, 31, 3100);
    recorder_redis(r, START + 500 * SECOND, 99, 9900);
    end();
    size_t count;
    const series_row *row = recorder_series(r, &count);
    ck_assert_uint_eq(row[0].redis_commands, 30);
    ck_assert_uint_eq(row[0].redis_bytes, 3000);
    ck_assert_uint_eq(row[1].redis_commands, 1);
    tear_down();
}
END_TEST

START_TEST(a_long_run_has_wider_bins_instead_of_more_rows) {
    set_up_for(86400 * SECOND, SECOND);
    ck_assert_int_eq(recorder_bin(r), 5 * SECOND);
    recorder_end(r, START + 86400 * SECOND);
    size_t count;
    recorder_series(r, &count);
    ck_assert_uint_eq(count, 86400 / 5);
    tear_down();
}
END_TEST

START_TEST(utilisation_counts_the_time_in_the_window_while_the_node_is_there) {
    set_up();
    node(0, TRACE_NODE_UP, 0, 2, "", 0, 0);
    node(5 * SECOND, TRACE_NODE_STARTED, 0, 1, "j1", 1, 0);
    node(30 * SECOND, TRACE_NODE_DOWN, 0, 0, "", 0, 0);
    node(55 * SECOND, TRACE_NODE_UP, 1, 4, "", 0, 0);
    end();
    ck_assert_int_eq(recorder_node(r, 0)->busy, 20 * SECOND);
    ck_assert_int_eq(recorder_node(r, 0)->offered, 40 * SECOND);
    ck_assert_int_eq(recorder_node(r, 1)->offered, 4 * 45 * SECOND);
    ck_assert_int_eq(recorder_node(r, 2)->group, -1);
    ck_assert_double_eq_tol(recorder_utilisation(r).mean, 20.0 / 220, 1e-12);
    ck_assert_double_eq_tol(recorder_utilisation(r).max, 0.5, 1e-12);
    static heat_map map;
    recorder_heat(r, &map);
    ck_assert_uint_eq(map.rows, 3);
    ck_assert_double_eq_tol(map.cell[0][HEAT_COLUMNS / 5], 0.5, 1e-9);
    ck_assert_double_eq_tol(map.cell[0][HEAT_COLUMNS / 2], -1, 1e-12);
    tear_down();
}
END_TEST

static void jobs_on(int32_t index, int64_t slots, int jobs) {
    node(0, TRACE_NODE_UP, index, slots, "", 0, 0);
    for (int i = 0; i < jobs; i++) node(20 * SECOND, TRACE_NODE_STARTED, index, 1, "j", 1, 0);
}

START_TEST(twice_the_slots_are_fair_with_twice_the_jobs) {
    set_up();
    jobs_on(0, 2, 10);
    jobs_on(1, 4, 20);
    end();
    fairness f = recorder_fairness(r);
    ck_assert_double_eq_tol(f.jain, 1, 1e-12);
    ck_assert_double_eq_tol(f.cv, 0, 1e-6);
    ck_assert_double_eq_tol(f.top1_share, 2.0 / 3, 1e-12);
    tear_down();
}
END_TEST

START_TEST(everything_on_one_of_three_nodes_is_as_unfair_as_it_gets) {
    set_up();
    jobs_on(0, 2, 10);
    jobs_on(1, 2, 0);
    jobs_on(2, 2, 0);
    end();
    fairness f = recorder_fairness(r);
    ck_assert_double_eq_tol(f.jain, 1.0 / 3, 1e-12);
    ck_assert_double_eq_tol(f.cv, sqrt(2), 1e-12);
    ck_assert_double_eq_tol(f.top1_share, 1, 1e-12);
    tear_down();
}
END_TEST

static void jobs_come(usec_t at, int32_t index, int jobs) {
    for (int i = 0; i < jobs; i++) node(at, TRACE_NODE_RECEIVED, index, 0, "j", 1, 0);
}

/* Windows of 15 s from the end of the warm-up at 10 s. */
START_TEST(a_herd_is_seen_by_window_even_when_the_run_is_even) {
    set_up();
    jobs_come(5 * SECOND, 2, 50); /* warm-up */
    jobs_come(11 * SECOND, 0, 9);
    jobs_come(12 * SECOND, 1, 1);
    jobs_come(24 * SECOND, 1, 2);
    jobs_come(25 * SECOND, 1, 6); /* the next window */
    jobs_come(26 * SECOND, 0, 2);
    jobs_come(99 * SECOND, 2, 4);
    jobs_come(100 * SECOND, 2, 50); /* after the end */
    end();
    herding h = recorder_herd(r);
    ck_assert_int_eq(h.windows, 3);
    ck_assert_int_eq(h.jobs, 24);
    ck_assert_double_eq_tol(h.top1_share, (9 + 6 + 4) / 24.0, 1e-12);
    tear_down();
}
END_TEST

START_TEST(a_run_without_jobs_has_figures_of_zero) {
    set_up();
    end();
    ck_assert(recorder_fairness(r).jain == 0);
    ck_assert(recorder_utilisation(r).max == 0);
    ck_assert(recorder_herd(r).top1_share == 0);
    tear_down();
}
END_TEST

static void answer_for(const char *tgt, usec_t latency, uint64_t utterance) {
    lang_pair pair = {.src = "de"};
    snprintf(pair.tgt, sizeof pair.tgt, "%s", tgt);
    trace_event t = {.kind = TRACE_CLIENT_SENT,
                     .at = START + 20 * SECOND,
                     .job = "",
                     .node = "",
                     .session = "s1",
                     .code = "",
                     .node_index = -1,
                     .group_index = -1,
                     .pair = &pair,
                     .utterance = utterance};
    sink.event(sink.ctx, &t);
    t.kind = TRACE_CLIENT_ANSWERED;
    t.at += latency;
    t.outcome = OUTCOME_OK;
    sink.event(sink.ctx, &t);
}

/* Nobody tells when it left the client: it counts from the cut. */
START_TEST(what_is_cut_out_of_chunks_counts_from_its_arrival_to_the_first_who_hears_it) {
    set_up();
    session();
    client(20 * SECOND, TRACE_SOUND_CAME, 0, OUTCOME_NONE);
    core(21 * SECOND, (sched_event){.kind = EV_CUT, .code = "timeout", .value = 9});
    core(21 * SECOND + 5 * MS, (sched_event){.kind = EV_SUBMITTED, .until = START + 21 * SECOND});
    client(21 * SECOND + 400 * MS, TRACE_CLIENT_ANSWERED, 0, OUTCOME_OK);
    core(22 * SECOND, (sched_event){.kind = EV_AFFINITY, .code = "kept"});
    core(22 * SECOND, (sched_event){.kind = EV_AFFINITY, .code = "full"});
    end();
    const histogram *h = recorder_latency(r, LATENCY_END_TO_END);
    const job_counts *n = recorder_counts(r);
    ck_assert_uint_eq(histogram_count(h), 1);
    ck_assert_int_eq(histogram_max(h) / (10 * MS), 40);
    ck_assert_int_eq(n->tally[TALLY_CUTS_TIMEOUT], 1);
    ck_assert_int_eq(n->tally[TALLY_AFFINITY_KEPT], 1);
    ck_assert_int_eq(n->tally[TALLY_AFFINITY_BROKEN], 1);
    ck_assert_str_eq(n->moved_by.row[0].code, "full");
    tear_down();
}
END_TEST

START_TEST(the_worst_pairs_come_first_and_their_p95_is_at_most_12_percent_high) {
    set_up();
    session();
    for (uint64_t i = 0; i < 100; i++) {
        answer_for("en", 300 * MS, i);
        answer_for("fr", i < 90 ? 100 * MS : 900 * MS, i);
    }
    answer_for("it", 5 * SECOND, 1);
    end();
    pair_figures worst[4];
    size_t pairs, count = recorder_worst_pairs(r, 10, worst, 4, &pairs);
    ck_assert_uint_eq(pairs, 3);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(worst[0].pair.tgt, "fr");
    ck_assert_int_eq(worst[0].answered, 100);
    ck_assert_int_eq(worst[0].mean, (90 * 100 + 10 * 900) * MS / 100);
    ck_assert_int_eq(worst[0].p95, 900 * MS); /* the highest that was seen bounds it */
    ck_assert_msg(worst[1].p95 == 300 * MS, "%lld", (long long)worst[1].p95);
    tear_down();
}
END_TEST

START_TEST(faults_leave_their_marks) {
    set_up();
    trace_event t = {.kind = TRACE_FAULT_BEGIN,
                     .at = START + 30 * SECOND,
                     .job = "",
                     .node = "",
                     .session = "",
                     .code = "crash",
                     .node_index = -1,
                     .group_index = -1,
                     .value = 7};
    sink.event(sink.ctx, &t);
    end();
    size_t count;
    const fault_mark *mark = recorder_marks(r, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(mark[0].at, 30 * SECOND);
    ck_assert_int_eq(mark[0].nodes, 7);
    ck_assert_str_eq(mark[0].code, "crash");
    ck_assert(mark[0].begins);
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        what_is_cut_out_of_chunks_counts_from_its_arrival_to_the_first_who_hears_it,
        each_latency_lies_between_its_two_events,
        warm_up_is_counted_but_its_latencies_are_not,
        what_began_in_the_window_is_measured_even_when_it_ends_after_it,
        placement_is_measured_once_and_old_attempts_at_nodes_not_at_all,
        refusals_are_counted_by_reason_and_take_no_part_in_end_to_end,
        a_job_that_was_never_created_does_not_count_when_it_ends,
        reasons_beyond_the_table_are_counted_as_other,
        a_bin_tells_what_happened_in_it_and_what_stood_at_its_end,
        slots_in_use_are_averaged_over_the_bin,
        latencies_of_answers_are_told_by_bin,
        answers_are_mapped_by_time_and_by_how_long_they_took,
        traffic_with_redis_falls_into_the_bin_before_the_border,
        a_long_run_has_wider_bins_instead_of_more_rows,
        utilisation_counts_the_time_in_the_window_while_the_node_is_there,
        twice_the_slots_are_fair_with_twice_the_jobs,
        everything_on_one_of_three_nodes_is_as_unfair_as_it_gets,
        a_herd_is_seen_by_window_even_when_the_run_is_even,
        a_run_without_jobs_has_figures_of_zero,
        the_worst_pairs_come_first_and_their_p95_is_at_most_12_percent_high,
        faults_leave_their_marks,
    };
    return SUITE_RUN("recorder", tests);
}
