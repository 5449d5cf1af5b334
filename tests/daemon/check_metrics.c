/* check_metrics.c - what an instance counts, as the text that Prometheus reads.
 *
 * The text is read by the rules of its format (version 0.0.4), by a reader that knows nothing of who wrote it. */
#include <check.h>
#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/daemon/metrics.h"
#include "core/domain/grant.h"
#include "core/domain/speech.h"
#include "tests/support/suite.h"

enum { SAMPLES_MAX = 2000, TEXT_MAX = 160 };

/* ---- a reader ------------------------------------------------------------------------------------------------------- */

typedef struct sample {
    char name[TEXT_MAX], labels[TEXT_MAX]; /* labels as they stand, "" for none */
    double value;
} sample;

static struct {
    sample samples[SAMPLES_MAX];
    int count, families;
} page;

static void copy(char out[TEXT_MAX], const char *from, size_t len) {
    ck_assert_uint_lt(len, TEXT_MAX);
    memcpy(out, from, len);
    out[len] = '\0';
}

static size_t name_length(const char *text) {
    size_t n = 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == ':') n++;
    ck_assert_msg(n > 0 && !isdigit((unsigned char)*text), "no name: %.40s", text);
    return n;
}

/* a="b",c="d" up to '}' */
static size_t labels_length(const char *text) {
    const char *at = text;
    for (;;) {
        at += name_length(at);
        ck_assert_msg(at[0] == '=' && at[1] == '"', "labels: %.60s", text);
        for (at += 2; *at != '"'; at++) ck_assert_msg(*at && *at != '\n' && *at != '\\', "labels: %.60s", text);
        at++;
        if (*at == '}') return (size_t)(at - text);
        ck_assert_msg(*at == ',', "labels: %.60s", text);
        at++;
    }
}

static bool ends_in(const char *text, const char *end) {
    size_t len = strlen(text), tail = strlen(end);
    return len > tail && !strcmp(text + len - tail, end);
}

static const sample *find(const char *name, const char *labels) {
    for (int i = 0; i < page.count; i++)
        if (!strcmp(page.samples[i].name, name) && !strcmp(page.samples[i].labels, labels)) return &page.samples[i];
    return NULL;
}

static bool belongs(const char *name, const char *family, const char *type) {
    size_t len = strlen(family);
    if (strcmp(type, "histogram") != 0) return !strcmp(name, family);
    return !strncmp(name, family, len) &&
           (!strcmp(name + len, "_bucket") || !strcmp(name + len, "_sum") || !strcmp(name + len, "_count"));
}

/* # HELP, # TYPE, then the samples of that family, and of it alone. */
static void read_page(const frame *f) {
    char family[TEXT_MAX] = "", type[TEXT_MAX] = "";
    page.count = page.families = 0;
    ck_assert_uint_eq(strlen(f->data), f->bytes);
    ck_assert_int_eq(f->data[f->bytes - 1], '\n');
    for (const char *line = f->data, *next; *line; line = next + 1) {
        next = strchr(line, '\n');
        if (!strncmp(line, "# HELP ", 7)) {
            copy(family, line + 7, name_length(line + 7));
            for (int i = 0; i < page.count; i++)
                ck_assert_msg(!belongs(page.samples[i].name, family, "histogram") &&
                                  strcmp(page.samples[i].name, family) != 0,
                              "%s comes twice", family);
            page.families++;
            ck_assert_msg(next - line > 20 && next[-1] == '.', "%s has no sentence as help", family);
            *type = '\0';
        } else if (!strncmp(line, "# TYPE ", 7)) {
            size_t len = strlen(family);
            ck_assert_msg(!strncmp(line + 7, family, len) && line[7 + len] == ' ', "type behind %s", family);
            copy(type, line + 8 + len, (size_t)(next - line) - 8 - len);
            ck_assert_msg(!strcmp(type, "counter") || !strcmp(type, "gauge") || !strcmp(type, "histogram"), "%s", type);
            ck_assert_msg(!strcmp(type, "counter") == ends_in(family, "_total"), "%s is a %s", family, type);
            ck_assert_msg(!strncmp(family, "lingua_", 7), "%s", family);
        } else {
            sample *s = &page.samples[page.count];
            const char *at = line;
            char *end;
            ck_assert_int_lt(page.count, SAMPLES_MAX - 1);
            copy(s->name, at, name_length(at));
            at += strlen(s->name);
            *s->labels = '\0';
            if (*at == '{') {
                copy(s->labels, at + 1, labels_length(at + 1));
                at += strlen(s->labels) + 2;
            }
            ck_assert_msg(*at == ' ', "%.60s", line);
            s->value = strtod(at + 1, &end);
            ck_assert_msg(end == next && end > at + 1, "%.80s", line);
            ck_assert_msg(belongs(s->name, family, type), "%s under %s %s", s->name, family, type);
            ck_assert_msg(!find(s->name, s->labels), "%s{%s} comes twice", s->name, s->labels);
            page.count++;
        }
    }
}

static double value_of(const char *name, const char *labels) {
    const sample *s = find(name, labels);
    ck_assert_msg(s != NULL, "no %s{%s}", name, labels);
    return s->value;
}

/* ---- the instance --------------------------------------------------------------------------------------------------- */

static usec_t the_time;
static metrics *m;
static metrics_now now;

static usec_t tell_time(void *ctx) {
    (void)ctx;
    return the_time;
}

static void set_up(void) {
    the_time = 1700000000 * USEC_PER_SEC;
    m = metrics_new((clock_source){.now = tell_time});
    now = (metrics_now){.instance_id = "gw-1", .version = "1.2.3", .started = the_time};
}

static void tear_down(void) {
    m = metrics_free(m);
    ck_assert_ptr_null(m);
}

static void read_text(void) {
    frame *f = metrics_text(m, &now);
    read_page(f);
    frame_unref(f);
}

static void feed(sched_event e) {
    static const char none[] = "";
    e.at = the_time;
    e.job = e.job ? e.job : none;
    e.node = e.node ? e.node : none;
    e.session = e.session ? e.session : none;
    e.code = e.code ? e.code : none;
    metrics_event(m, &e);
}

START_TEST(every_event_may_come_and_the_text_stays_in_its_form) {
    set_up();
    for (int kind = 0; kind < EV_KINDS; kind++) {
        feed((sched_event){.kind = (sched_event_kind)kind});
        feed((sched_event){.kind = (sched_event_kind)kind, .code = "a\"b\n\xff", .value = 7, .until = 3});
    }
    read_text();
    ck_assert_int_gt(page.families, 80);
    tear_down();
}
END_TEST

/* Each event that stands alone, and what must have changed. */
static const struct {
    sched_event event;
    const char *name, *labels;
    double value;
} single[] = {
    {{.kind = EV_CREATED}, "lingua_requests_created_total", "", 1},
    {{.kind = EV_REFUSED, .code = "NO_AVAILABLE_NODE"},
     "lingua_requests_refused_total",
     "code=\"NO_AVAILABLE_NODE\"",
     1},
    {{.kind = EV_REFUSED, .code = "FROM_TOMORROW"}, "lingua_requests_refused_total", "code=\"other\"", 1},
    {{.kind = EV_DUPLICATE}, "lingua_requests_repeated_total", "", 1},
    {{.kind = EV_FINISHED, .outcome = OUTCOME_OK}, "lingua_jobs_finished_total", "outcome=\"ok\"", 1},
    {{.kind = EV_FINISHED, .outcome = OUTCOME_OK}, "lingua_jobs_failed_total", "code=\"other\"", 0},
    {{.kind = EV_FINISHED, .outcome = OUTCOME_TIMED_OUT, .code = "JOB_TIMEOUT"},
     "lingua_jobs_failed_total",
     "code=\"JOB_TIMEOUT\"",
     1},
    {{.kind = EV_RETRY, .code = "NODE_LOST"}, "lingua_job_retries_total", "reason=\"NODE_LOST\"", 1},
    {{.kind = EV_RESULT_SENT, .outcome = OUTCOME_NO_TEXT}, "lingua_results_sent_total", "outcome=\"no_text\"", 1},
    {{.kind = EV_LATE_DROPPED}, "lingua_results_late_total", "", 1},
    {{.kind = EV_RESULT_MISSING}, "lingua_results_missing_total", "", 1},
    {{.kind = EV_STALE}, "lingua_node_messages_stale_total", "", 1},
    {{.kind = EV_AFFINITY, .code = "kept"}, "lingua_affinity_total", "result=\"kept\"", 1},
    {{.kind = EV_CUT, .code = "max_length", .value = 3200, .until = 100000},
     "lingua_utterances_cut_bytes_total",
     "",
     3200},
    {{.kind = EV_CUT, .code = "max_length", .value = 3200, .until = 250000},
     "lingua_utterances_cut_seconds_total",
     "",
     0.25},
    {{.kind = EV_AUDIO_REFUSED, .code = "SCHEDULER_OVERLOADED", .value = 99},
     "lingua_audio_refused_bytes_total",
     "",
     99},
    {{.kind = EV_NODE_OFFLINE, .code = "expired"}, "lingua_nodes_offline_total", "reason=\"expired\"", 1},
    {{.kind = EV_NODE_DEGRADED, .code = "never_ready"}, "lingua_nodes_degraded_total", "reason=\"never_ready\"", 1},
    {{.kind = EV_NODE_REFUSED, .code = "NODE_OVERLOADED"}, "lingua_nodes_refused_total", "code=\"NODE_OVERLOADED\"", 1},
    {{.kind = EV_REDIS, .code = "unknown"}, "lingua_redis_errors_total", "reason=\"unknown\"", 1},
    {{.kind = EV_REDIS_DOWN}, "lingua_redis_outages_total", "", 1},
    {{.kind = EV_ADOPTED}, "lingua_jobs_adopted_total", "", 1},
    {{.kind = EV_FORWARDED}, "lingua_results_forwarded_total", "", 1},
    {{.kind = EV_NODE_MARKED, .code = "asr@2"}, "lingua_nodes_marked_total", "", 1},
    {{.kind = EV_SESSION_CLOSED, .code = "gone"}, "lingua_sessions_closed_total", "reason=\"gone\"", 1},
};
enum { SINGLE = sizeof single / sizeof *single };

START_TEST(an_event_is_counted_under_its_name) {
    for (int i = 0; i < SINGLE; i++) {
        set_up();
        feed(single[i].event);
        read_text();
        double value = value_of(single[i].name, single[i].labels);
        ck_assert_msg(value == single[i].value, "%s{%s} is %g", single[i].name, single[i].labels, value);
        tear_down();
    }
}
END_TEST

/* The words of other modules, each with a series of its own. */
START_TEST(words_of_grants_cuts_and_outcomes_are_known) {
    char labels[TEXT_MAX];
    set_up();
    for (int w = GRANT_GONE; w < GRANT_WORDS; w++)
        feed((sched_event){.kind = EV_GRANT_REFUSED, .code = grant_word_name((grant_word)w)});
    for (int r = 0; r < CUT_REASONS; r++) feed((sched_event){.kind = EV_CUT, .code = cut_reason_name((cut_reason)r)});
    for (int o = OUTCOME_OK; o < JOB_OUTCOMES; o++) feed((sched_event){.kind = EV_FINISHED, .outcome = (job_outcome)o});
    read_text();
    for (int w = GRANT_GONE; w < GRANT_WORDS; w++) {
        snprintf(labels, sizeof labels, "reason=\"%s\"", grant_word_name((grant_word)w));
        ck_assert_double_eq(value_of("lingua_grants_refused_total", labels), 1);
    }
    for (int r = 0; r < CUT_REASONS; r++) {
        snprintf(labels, sizeof labels, "reason=\"%s\"", cut_reason_name((cut_reason)r));
        ck_assert_double_eq(value_of("lingua_utterances_cut_total", labels), 1);
    }
    for (int o = OUTCOME_OK; o < JOB_OUTCOMES; o++) {
        snprintf(labels, sizeof labels, "outcome=\"%s\"", job_outcome_name((job_outcome)o));
        ck_assert_double_eq(value_of("lingua_jobs_finished_total", labels), 1);
    }
    tear_down();
}
END_TEST

START_TEST(a_refused_message_is_counted_by_door_and_code) {
    set_up();
    metrics_refused_message(m, "node", "INVALID_MESSAGE");
    metrics_refused_message(m, "node", "INVALID_MESSAGE");
    metrics_refused_message(m, "session", "what?");
    metrics_node_error(m, "MODEL_CORRUPTED");
    read_text();
    ck_assert_double_eq(value_of("lingua_messages_refused_total", "door=\"node\",code=\"INVALID_MESSAGE\""), 2);
    ck_assert_double_eq(value_of("lingua_messages_refused_total", "door=\"session\",code=\"other\""), 1);
    ck_assert_double_eq(value_of("lingua_messages_refused_total", "door=\"peer\",code=\"other\""), 0);
    ck_assert_double_eq(value_of("lingua_node_errors_total", "code=\"MODEL_CORRUPTED\""), 1);
    tear_down();
}
END_TEST

/* ---- times ---------------------------------------------------------------------------------------------------------- */

static void job_of(usec_t until_sent, usec_t at_node) {
    usec_t arrived = the_time;
    feed((sched_event){.kind = EV_CREATED, .arrived = arrived});
    the_time += until_sent;
    feed((sched_event){.kind = EV_RESERVED, .attempt = 1, .arrived = arrived});
    feed((sched_event){.kind = EV_DISPATCHED, .attempt = 1, .arrived = arrived, .sent = the_time});
    usec_t sent = the_time;
    the_time += at_node;
    feed((sched_event){.kind = EV_FINISHED, .attempt = 1, .outcome = OUTCOME_OK, .arrived = arrived, .sent = sent});
    feed((sched_event){.kind = EV_RESULT_SENT, .attempt = 1, .outcome = OUTCOME_OK, .arrived = arrived});
}

START_TEST(a_job_s_times_stand_in_their_buckets) {
    set_up();
    job_of(3 * USEC_PER_MSEC, 400 * USEC_PER_MSEC);
    job_of(5 * USEC_PER_MSEC, 600 * USEC_PER_MSEC);
    read_text();
    ck_assert_double_eq(value_of("lingua_dispatch_seconds_bucket", "le=\"0.0025\""), 0);
    ck_assert_double_eq(value_of("lingua_dispatch_seconds_bucket", "le=\"0.005\""), 2);
    ck_assert_double_eq(value_of("lingua_dispatch_seconds_count", ""), 2);
    ck_assert_double_eq_tol(value_of("lingua_dispatch_seconds_sum", ""), 0.008, 1e-9);
    ck_assert_double_eq(value_of("lingua_node_seconds_bucket", "le=\"0.5\""), 1);
    ck_assert_double_eq(value_of("lingua_node_seconds_bucket", "le=\"1\""), 2);
    ck_assert_double_eq(value_of("lingua_placement_seconds_count", ""), 2);
    ck_assert_double_eq_tol(value_of("lingua_end_to_end_seconds_sum", ""), 1.008, 1e-9);
    tear_down();
}
END_TEST

START_TEST(what_is_not_known_of_a_job_is_in_no_histogram) {
    set_up();
    feed((sched_event){.kind = EV_DISPATCHED, .attempt = 2, .arrived = the_time - 1000});
    feed((sched_event){.kind = EV_DISPATCHED, .attempt = 1});
    feed((sched_event){.kind = EV_FINISHED, .outcome = OUTCOME_OK});
    feed((sched_event){.kind = EV_RESULT_SENT, .outcome = OUTCOME_FAILED, .arrived = the_time - 1000});
    read_text();
    ck_assert_double_eq(value_of("lingua_jobs_dispatched_total", ""), 2);
    ck_assert_double_eq(value_of("lingua_dispatch_seconds_count", ""), 0);
    ck_assert_double_eq(value_of("lingua_node_seconds_count", ""), 0);
    ck_assert_double_eq(value_of("lingua_end_to_end_seconds_count", ""), 0);
    tear_down();
}
END_TEST

START_TEST(buckets_count_upwards_to_the_number_of_all) {
    double before = 0, last = -1;
    set_up();
    for (usec_t took = 100; took < 200 * USEC_PER_SEC; took *= 3) job_of(took, took);
    read_text();
    for (int i = 0; i < page.count; i++) {
        const sample *s = &page.samples[i];
        if (!ends_in(s->name, "_bucket")) continue;
        double upto = strcmp(s->labels, "le=\"+Inf\"") ? strtod(s->labels + 4, NULL) : INFINITY;
        if (upto < before) last = -1;
        ck_assert_double_ge(s->value, last);
        before = upto;
        last = s->value;
        if (upto == INFINITY) {
            char count[TEXT_MAX];
            snprintf(count, sizeof count, "%.*s_count", (int)(strlen(s->name) - strlen("_bucket")), s->name);
            ck_assert_double_eq(value_of(count, ""), s->value);
        }
    }
    tear_down();
}
END_TEST

/* ---- what is the case now ------------------------------------------------------------------------------------------- */

START_TEST(gauges_say_what_they_are_told) {
    set_up();
    histogram *lag = histogram_new(3600 * USEC_PER_SEC);
    histogram_record(lag, 200);
    histogram_record(lag, 30 * USEC_PER_MSEC);
    now.ready = true;
    now.scheduler.nodes = 10000;
    now.scheduler.waiting = 3;
    now.server.slow_readers = 5;
    now.redis.by_script[SCRIPT_CREATE_JOB] = 77;
    now.instance.dead_letters = 2;
    now.limits.sessions = 20000;
    now.loop_lag = lag;
    read_text();
    ck_assert_double_eq(value_of("lingua_ready", ""), 1);
    ck_assert_double_eq(value_of("lingua_draining", ""), 0);
    ck_assert_double_eq(value_of("lingua_nodes", ""), 10000);
    ck_assert_double_eq(value_of("lingua_jobs_waiting", ""), 3);
    ck_assert_double_eq(value_of("lingua_connections_cut_total", "reason=\"slow_reader\""), 5);
    ck_assert_double_eq(value_of("lingua_connections_cut_total", "reason=\"idle\""), 0);
    ck_assert_double_eq(value_of("lingua_redis_script_calls_total", "script=\"create_job\""), 77);
    ck_assert_double_eq(value_of("lingua_dead_letters_total", ""), 2);
    ck_assert_double_eq(value_of("lingua_sessions_limit", ""), 20000);
    ck_assert_double_eq(value_of("lingua_build_info", "version=\"1.2.3\",instance=\"gw-1\""), 1);
    ck_assert_double_eq(value_of("lingua_start_time_seconds", ""), 1700000000);
    ck_assert_double_eq(value_of("lingua_loop_lag_seconds_bucket", "le=\"0.0005\""), 1);
    ck_assert_double_eq(value_of("lingua_loop_lag_seconds_bucket", "le=\"0.05\""), 2);
    ck_assert_double_eq_tol(value_of("lingua_loop_lag_seconds_sum", ""), 0.0302, 1e-9);
    ck_assert_double_gt(value_of("lingua_process_resident_bytes", ""), 1e6);
    ck_assert_double_gt(value_of("lingua_process_cpu_seconds_total", ""), 0);
    histogram_free(lag);
    tear_down();
}
END_TEST

/* ---- the last minute ------------------------------------------------------------------------------------------------ */

START_TEST(figures_tell_of_the_last_minute_alone) {
    set_up();
    the_time += 3600 * USEC_PER_SEC;
    for (int i = 0; i < 10; i++) job_of(USEC_PER_SEC, USEC_PER_SEC);
    the_time += 80 * USEC_PER_SEC;
    for (int i = 0; i < 100; i++) job_of(2 * USEC_PER_MSEC, (i == 99 ? 900 : 98) * USEC_PER_MSEC);
    feed((sched_event){.kind = EV_REFUSED, .code = "NO_AVAILABLE_NODE"});
    metrics_figures f = metrics_figure(m);
    ck_assert_int_eq(f.created, 100);
    ck_assert_int_eq(f.ok, 100);
    ck_assert_int_eq(f.refused, 1);
    ck_assert_double_eq_tol(f.dispatch_p50_ms, 2, 0.01);
    ck_assert_double_eq_tol(f.end_to_end_p50_ms, 100, 0.2);
    ck_assert_double_eq_tol(f.end_to_end_p99_ms, 100, 0.2);
    ck_assert_double_ge(f.over_sec, 60);
    ck_assert_double_le(f.over_sec, 70);
    ck_assert_double_eq_tol(f.jobs_per_sec, 100 / f.over_sec, 1e-9);
    tear_down();
}
END_TEST

START_TEST(a_young_instance_s_rates_are_over_its_age) {
    set_up();
    for (int i = 0; i < 50; i++) job_of(10 * USEC_PER_MSEC, 90 * USEC_PER_MSEC);
    metrics_figures f = metrics_figure(m);
    ck_assert_double_eq_tol(f.over_sec, 5, 1e-6);
    ck_assert_double_eq_tol(f.jobs_per_sec, 10, 1e-3);
    tear_down();
}
END_TEST

START_TEST(a_silent_minute_leaves_nothing) {
    set_up();
    job_of(USEC_PER_MSEC, USEC_PER_MSEC);
    the_time += 71 * USEC_PER_SEC;
    metrics_figures f = metrics_figure(m);
    ck_assert_int_eq(f.ok, 0);
    ck_assert_double_eq(f.end_to_end_p99_ms, 0);
    ck_assert_double_eq(f.jobs_per_sec, 0);
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        every_event_may_come_and_the_text_stays_in_its_form,
        an_event_is_counted_under_its_name,
        words_of_grants_cuts_and_outcomes_are_known,
        a_refused_message_is_counted_by_door_and_code,
        a_job_s_times_stand_in_their_buckets,
        what_is_not_known_of_a_job_is_in_no_histogram,
        buckets_count_upwards_to_the_number_of_all,
        gauges_say_what_they_are_told,
        figures_tell_of_the_last_minute_alone,
        a_young_instance_s_rates_are_over_its_age,
        a_silent_minute_leaves_nothing,
    };
    return SUITE_RUN("metrics", tests);
}
