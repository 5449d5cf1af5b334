/* check_config.c - presets of a scheduler, their overrides, and combinations that make no sense. */
#include <stdio.h>
#include <string.h>

#include "core/base/yaml_bind.h"
#include "core/scheduler/config.h"
#include "tests/support/suite.h"

typedef struct holder {
    scheduler_config scheduler;
} holder;

static const setting holder_rows[] = {
    {.name = "scheduler",
     .kind = SETTING_SECTION,
     .offset = offsetof(holder, scheduler),
     .rows = scheduler_settings,
     .prepare = scheduler_config_prepare,
     .help = "the core's own settings"},
    {.name = NULL},
};

/* The section `body` as a reader binds it, then checked. */
static sched_status configure(const char *body, scheduler_config *ret_config, sched_error *err) {
    char text[256];
    holder h;
    yaml_doc *doc = NULL;
    snprintf(text, sizeof text, "scheduler: %s", body);
    sched_status status = yaml_doc_parse("c", text, strlen(text), &doc, err);
    if (!status) status = yaml_bind(yaml_doc_root(doc), holder_rows, sizeof h, &h, err);
    yaml_doc_free(doc);
    if (!status) *ret_config = h.scheduler;
    return status ? status : scheduler_config_check(&h.scheduler, err);
}

static scheduler_config configured(const char *body) {
    scheduler_config c = {.limit = false};
    sched_error err = {0};
    ck_assert_msg(!configure(body, &c, &err), "%s: %s", body, err.message);
    return c;
}

static void ck_same(const scheduler_config *a, const scheduler_config *b) {
    ck_assert_str_eq(a->phase, b->phase);
    ck_assert_int_eq(a->placement, b->placement);
    ck_assert_int_eq(a->placement_d, b->placement_d);
    ck_assert_int_eq(a->limit, b->limit);
    ck_assert_int_eq(a->on_full, b->on_full);
    ck_assert_int_eq(a->attempt_base, b->attempt_base);
    ck_assert_int_eq(a->jobs_max, b->jobs_max);
    ck_assert_str_eq(a->keys.prefix, b->keys.prefix);
}

START_TEST(phase_3_places_at_random_and_lets_the_node_queue) {
    scheduler_config c;
    ck_assert_int_eq(scheduler_config_preset("3", &c, NULL), SCHED_OK);
    ck_assert_str_eq(c.phase, "3");
    ck_assert_int_eq(c.placement, PLACEMENT_RANDOM);
    ck_assert(!c.limit);
    ck_assert_int_eq(c.on_full, ON_FULL_WAIT);
}
END_TEST

START_TEST(production_takes_the_better_of_two_and_enforces_the_limit) {
    scheduler_config c;
    ck_assert_int_eq(scheduler_config_preset("production", &c, NULL), SCHED_OK);
    ck_assert_int_eq(c.placement, PLACEMENT_BEST_OF);
    ck_assert_int_eq(c.placement_d, 2);
    ck_assert(c.limit);
    ck_assert_int_eq(c.on_full, ON_FULL_WAIT);
}
END_TEST

START_TEST(defaults_are_those_of_the_specification) {
    scheduler_config c = configured("{}");
    ck_assert_str_eq(c.phase, "production");
    ck_assert_int_eq(c.node_slots, 4);
    ck_assert_int_eq(c.pairs_max, 1000);
    ck_assert_int_eq(c.node_ttl, 45 * USEC_PER_SEC);
    ck_assert_int_eq(c.reap_round, 4 * USEC_PER_SEC);
    ck_assert_int_eq(c.reap_batch, 100);
    ck_assert_int_eq(c.pending_limit, 10 * USEC_PER_SEC);
    ck_assert_int_eq(c.ack_limit, 5 * USEC_PER_SEC);
    ck_assert_int_eq(c.attempt_base, 10 * USEC_PER_SEC);
    ck_assert_double_eq(c.attempt_audio_factor, 2);
    ck_assert_int_eq(c.attempts_max, 3);
    ck_assert_int_eq(c.reservation_grace, 5 * USEC_PER_SEC);
    ck_assert_int_eq(c.finished_ttl, 90 * USEC_PER_SEC);
    ck_assert_int_eq(c.retry_min, 50 * USEC_PER_MSEC);
    ck_assert_int_eq(c.retry_max, 1 * USEC_PER_SEC);
    ck_assert_int_eq(c.waiting_max, 1000);
    ck_assert_int_eq(c.jobs_max, 100000);
    ck_assert_int_eq(c.redis_patience, 1 * USEC_PER_SEC);
    ck_assert_str_eq(c.keys.prefix, "lingua:v1:");
}
END_TEST

START_TEST(a_preset_is_the_same_from_code_and_from_a_file) {
    scheduler_config code, file = configured("{phase: 3}");
    ck_assert_int_eq(scheduler_config_preset("3", &code, NULL), SCHED_OK);
    ck_same(&code, &file);
    file = configured("");
    ck_assert_int_eq(scheduler_config_preset("production", &code, NULL), SCHED_OK);
    ck_same(&code, &file);
}
END_TEST

START_TEST(each_mechanism_can_be_overridden_alone) {
    scheduler_config c = configured("{placement: best_of_3, phase: 3}");
    ck_assert_str_eq(c.phase, "3");
    ck_assert_int_eq(c.placement, PLACEMENT_BEST_OF);
    ck_assert_int_eq(c.placement_d, 3);
    ck_assert(!c.limit);
    c = configured("{phase: 3, limit: yes}");
    ck_assert_int_eq(c.placement, PLACEMENT_RANDOM);
    ck_assert(c.limit);
    c = configured("{placement: random}");
    ck_assert_int_eq(c.placement, PLACEMENT_RANDOM);
    ck_assert(c.limit);
    c = configured("{on_full: refuse, namespace: \"test:\"}");
    ck_assert_int_eq(c.on_full, ON_FULL_REFUSE);
    ck_assert_str_eq(c.keys.prefix, "test:");
}
END_TEST

START_TEST(an_unknown_phase_lists_those_that_exist) {
    scheduler_config c;
    sched_error err = {0};
    ck_assert_int_eq(scheduler_config_preset("4", &c, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "phase \"4\" does not exist: expected one of 0, 1, 2, 3, production");
}
END_TEST

static const struct {
    const char *body, *message;
} bad[] = {
    {"{phase: 4}", "c:1:20: phase \"4\" does not exist: expected one of 0, 1, 2, 3, production"},
    {"{phase: prodution}", "c:1:20: phase \"prodution\" does not exist: expected one of 0, 1, 2, 3, production; did "
                           "you mean \"production\"?"},
    {"{phase: [3]}", "c:1:20: phase: expected text, not a list"},
    {"{placement: best_of_1}",
     "c:1:24: placement: \"best_of_1\" does not exist: expected random, best_of_2 .. best_of_8 or least"},
    {"{placement: best_of_22}",
     "c:1:24: placement: \"best_of_22\" does not exist: expected random, best_of_2 .. best_of_8 or least"},
    {"{limit: 5}", "c:1:20: limit: \"5\" is neither yes nor no (nor true, false, on, off)"},
    {"{node_ttl: 0s}", "c:1:23: node_ttl: \"0s\" is out of bounds: expected 1s .. 1h"},
    {"{node_tll: 45s}", "c:1:13: unknown key \"node_tll\"; did you mean \"node_ttl\"?"},
    {"{namespace: \"a b:\"}",
     "c:1:24: namespace: key prefix \"a b:\": braces, patterns, quotes and spaces are not allowed"},
    {"{phase: 1, delivery: peer}",
     "phase 1: delivery by inbox or peer makes no sense with a registry in memory, which knows only its own nodes: use "
     "delivery: local"},
    {"{phase: 0, load: reservations}",
     "phase 0: load: reservations makes no sense with a registry in memory, which makes none in Redis: use own or "
     "reported"},
    {"{phase: 3, load: own}",
     "phase 3: load: own makes no sense with registry: pools, where others place on the same nodes"},
    {"{phase: 3, idempotency: lock}",
     "phase 3: idempotency: atomic and job_store: redis go together: the script that creates is the one that binds the "
     "request"},
    {"{phase: 3, on_full: refuse}",
     "phase 3: on_full: refuse makes no sense with limit: no, because no node is ever full then"},
    {"{retry_min: 2s}", "phase production: retry_min is longer than retry_max"},
    {"{retry_min: 500ms, pending_limit: 500ms, redis_patience: 100ms}",
     "phase production: retry_min is not below pending_limit, so that no waiting job would ever be tried again"},
    {"{ack_limit: 11s}",
     "phase production: ack_limit is longer than attempt_base, so that an attempt could end before its ack is missed"},
    {"{node_ttl: 3s}",
     "phase production: reap_round is longer than node_ttl, so that dead nodes would be found a whole lifetime late"},
    {"{redis_patience: 10s}",
     "phase production: redis_patience is not below pending_limit, so that one lost call would use "
     "up a job's time"},
    {"{instance: {presence_ttl: 10s}}",
     "instance.presence_refresh is not below presence_ttl, so that every instance would die between "
     "two signs of life"},
    {"{instance: {presence_refresh: 500ms, presence_ttl: 5s}}",
     "instance.adopt_every is not below presence_ttl, so that the list of instances would take the living for dead"},
    {"{instance: {inbox_ttl: 60s, presence_ttl: 60s}}",
     "instance.inbox_ttl is not above presence_ttl, so that an inbox could end before its instance"},
    {"{instance: {tombstone_ttl: 60s, presence_ttl: 60s}}", "instance.tombstone_ttl is not above presence_ttl, so that "
                                                            "an instance could come back unaware that it was buried"},
    {"{instance: {lease_ttl: 5s}}",
     "instance.lease_ttl is not above adopt_every, so that an adopter would lose its inbox between two looks"},
    {"{instance: {dead_after: 5s}}",
     "instance.dead_after is not above reclaim_idle, so that no entry would be delivered a second time"},
};

START_TEST(what_makes_no_sense_is_refused_with_its_reason) {
    scheduler_config c;
    sched_error err = {0};
    ck_assert_msg(configure(bad[_i].body, &c, &err) == SCHED_EINVAL, "accepted: %s", bad[_i].body);
    ck_assert_str_eq(err.message, bad[_i].message);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("config");
    tcase_add_test(tests, phase_3_places_at_random_and_lets_the_node_queue);
    tcase_add_test(tests, production_takes_the_better_of_two_and_enforces_the_limit);
    tcase_add_test(tests, defaults_are_those_of_the_specification);
    tcase_add_test(tests, a_preset_is_the_same_from_code_and_from_a_file);
    tcase_add_test(tests, each_mechanism_can_be_overridden_alone);
    tcase_add_test(tests, an_unknown_phase_lists_those_that_exist);
    tcase_add_loop_test(tests, what_makes_no_sense_is_refused_with_its_reason, 0, sizeof bad / sizeof *bad);
    return suite_run_case("config", tests);
}
