/* check_alarms.c - the rules of the alarms, and the history that they and the page look back on. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/daemon/api_alarms.h"
#include "tests/support/suite.h"

static usec_t the_time;
static metrics *m;
static history *h;
static alarms *a;
static metrics_now now;
static metrics_figures figures;
static survey found;

static usec_t tell_time(void *ctx) {
    (void)ctx;
    return the_time;
}

/* A system that is well. */
static void set_up(void) {
    the_time = 1700000000 * USEC_PER_SEC;
    m = metrics_new((clock_source){.now = tell_time});
    h = history_new();
    a = alarms_new();
    now = (metrics_now){.ready = true, .limits = {1000, 1000, 1000, 1000}};
    figures = (metrics_figures){.created = 1000, .ok = 1000};
    found = (survey){.at = 1, .nodes = 10, .ready = 10, .slots = 40, .instances = 2};
}

static void tear_down(void) {
    a = alarms_free(a);
    h = history_free(h);
    m = metrics_free(m);
}

static void seconds(int count) {
    for (int i = 0; i < count; i++) {
        the_time += USEC_PER_SEC;
        history_tick(h, the_time, &now, m);
        alarms_tick(a, the_time, &now, &figures, h, found.at ? &found : NULL);
    }
}

/* "redis_down critical, loop_lag warning"; returns the text of the first. */
static const char *heard(char text[512]) {
    static char first[256];
    json_t *list = alarms_json(a);
    text[0] = first[0] = '\0';
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        snprintf(text + strlen(text), 512 - strlen(text), "%s%s %s", i ? ", " : "",
                 json_string_value(json_object_get(one, "alarm")), json_string_value(json_object_get(one, "severity")));
        if (!i) snprintf(first, sizeof first, "%s", json_string_value(json_object_get(one, "text")));
    }
    json_decref(list);
    return first;
}

static void check_heard(const char *expected) {
    char text[512];
    heard(text);
    ck_assert_str_eq(text, expected);
}

START_TEST(a_system_that_is_well_has_no_alarm) {
    set_up();
    seconds(120);
    check_heard("");
    tear_down();
}
END_TEST

START_TEST(each_rule_is_heard_when_it_holds) {
    static const struct {
        const char *name;
        metrics_now now;
        metrics_figures figures;
        survey found;
    } cases[] = {
        {"redis_down critical", {.scheduler.redis_down = true}, {.created = 9}, {.at = 1, .nodes = 9, .ready = 9}},
        {"not_ready critical", {.ready = false}, {.created = 9}, {.at = 1, .nodes = 9, .ready = 9}},
        {"no_ready_node critical", {.ready = true}, {.created = 9}, {.at = 1, .nodes = 9}},
        {"no_ready_node critical", {.ready = true}, {.created = 9}, {.at = 1}},
        {"refusals_many critical", {.ready = true}, {.created = 80, .refused = 20}, {.at = 1, .nodes = 9, .ready = 9}},
        {"refusals warning", {.ready = true}, {.created = 490, .refused = 10}, {.at = 1, .nodes = 9, .ready = 9}},
        {"failures warning", {.ready = true}, {.ok = 90, .timed_out = 10}, {.at = 1, .nodes = 9, .ready = 9}},
        {"slots_short warning", {.ready = true}, {.ok = 9}, {.at = 1, .nodes = 9, .ready = 9, .slots = 10, .load = 9}},
        {"nodes_unready warning", {.ready = true}, {.ok = 9}, {.at = 1, .nodes = 100, .ready = 79, .degraded = 9}},
        {"instance_lost warning", {.ready = true}, {.ok = 9}, {.at = 1, .nodes = 9, .ready = 9, .lost = 1}},
        {"dead_letters warning", {.ready = true}, {.ok = 9}, {.at = 1, .nodes = 9, .ready = 9, .dead_letters = 3}},
        {"limit_near warning",
         {.ready = true, .limits.sessions = 100, .scheduler.sessions = 90},
         {.ok = 9},
         {.at = 1, .nodes = 9, .ready = 9}},
        {"draining notice", {.draining = true}, {.ok = 9}, {.at = 1, .nodes = 9, .ready = 9}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_up();
        now = cases[i].now;
        figures = cases[i].figures;
        found = cases[i].found;
        seconds(1);
        check_heard(cases[i].name);
        tear_down();
    }
}
END_TEST

START_TEST(few_cases_are_no_share) {
    set_up();
    figures = (metrics_figures){.refused = 4, .failed = 4};
    seconds(1);
    check_heard("");
    tear_down();
}
END_TEST

START_TEST(what_is_not_known_of_the_whole_is_no_alarm) {
    set_up();
    found = (survey){.at = 0};
    seconds(1);
    check_heard("");
    tear_down();
}
END_TEST

START_TEST(the_text_has_the_figures) {
    char text[512];
    set_up();
    figures = (metrics_figures){.created = 80, .refused = 20};
    seconds(1);
    ck_assert_str_eq(heard(text), "20.0 % of the requests of the last minute were refused (20 of 100)");
    tear_down();
}
END_TEST

START_TEST(an_alarm_stays_ten_seconds_behind_its_rule_and_begins_anew) {
    set_up();
    now.scheduler.redis_down = true;
    seconds(3);
    now.scheduler.redis_down = false;
    seconds(10);
    check_heard("redis_down critical");
    seconds(1);
    check_heard("");
    tear_down();
}
END_TEST

START_TEST(waiting_jobs_that_grow_are_an_alarm_and_many_that_do_not_are_none) {
    set_up();
    now.scheduler.waiting = 500;
    seconds(70);
    check_heard("");
    for (int i = 0; i < 60; i++) {
        now.scheduler.waiting += 10;
        seconds(1);
    }
    check_heard("waiting_grows warning");
    seconds(80);
    check_heard("");
    tear_down();
}
END_TEST

START_TEST(a_late_loop_is_an_alarm_for_a_minute) {
    set_up();
    histogram *lag = histogram_new(60 * USEC_PER_SEC);
    now.loop_lag = lag;
    histogram_record_n(lag, 1000, 1000);
    seconds(2);
    check_heard("");
    ck_assert_double_eq(history_lag_p99_ms(h), 1);
    histogram_record_n(lag, 200 * USEC_PER_MSEC, 20);
    seconds(1);
    check_heard("loop_lag warning");
    ck_assert_double_eq(history_lag_p99_ms(h), 250);
    for (int i = 0; i < 75; i++) {
        histogram_record_n(lag, 1000, 10);
        seconds(1);
    }
    check_heard("");
    histogram_free(lag);
    tear_down();
}
END_TEST

START_TEST(the_history_keeps_ten_minutes_in_columns_of_one_length) {
    set_up();
    seconds(4);
    json_t *none = history_json(h);
    ck_assert_uint_eq(json_array_size(json_object_get(none, "at")), 0);
    json_decref(none);
    now.scheduler.sessions = 7;
    seconds(700);
    json_t *all = history_json(h), *column;
    const char *name;
    json_object_foreach(all, name, column) {
        if (json_is_array(column)) ck_assert_uint_eq(json_array_size(column), HISTORY_POINTS);
    }
    const json_t *at = json_object_get(all, "at"), *sessions = json_object_get(all, "sessions");
    ck_assert_int_eq(json_integer_value(json_array_get(at, HISTORY_POINTS - 1)) -
                         json_integer_value(json_array_get(at, 0)),
                     (HISTORY_POINTS - 1) * HISTORY_EVERY * 1000);
    ck_assert_int_eq(json_integer_value(json_array_get(sessions, 0)), 7);
    json_decref(all);
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_system_that_is_well_has_no_alarm,
        each_rule_is_heard_when_it_holds,
        few_cases_are_no_share,
        what_is_not_known_of_the_whole_is_no_alarm,
        the_text_has_the_figures,
        an_alarm_stays_ten_seconds_behind_its_rule_and_begins_anew,
        waiting_jobs_that_grow_are_an_alarm_and_many_that_do_not_are_none,
        a_late_loop_is_an_alarm_for_a_minute,
        the_history_keeps_ten_minutes_in_columns_of_one_length,
    };
    return SUITE_RUN("alarms", tests);
}
