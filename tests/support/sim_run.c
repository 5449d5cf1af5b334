#include "tests/support/sim_run.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "sim/commands/watched_run.h"

static void mix(sim_run *r, uint64_t value) {
    r->hash = (r->hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    r->hash ^= r->hash >> 29;
}

static void mix_pair(sim_run *r, const lang_pair *pair) {
    mix(r, pair ? hash_text(pair->src) : 0);
    mix(r, pair ? hash_text(pair->tgt) : 0);
}

static void take_core(sim_run *r, const sched_event *e) {
    r->core[e->kind]++;
    if (e->kind == EV_FINISHED) r->finished[e->outcome]++;
    mix(r, e->kind);
    mix(r, (uint64_t)e->at);
    mix(r, (uint64_t)e->until);
    mix(r, hash_text(e->job));
    mix(r, hash_text(e->node));
    mix(r, hash_text(e->session));
    mix(r, hash_text(e->code));
    mix_pair(r, e->pair);
    mix(r, e->utterance);
    mix(r, (uint64_t)e->attempt);
    mix(r, (uint64_t)e->value);
    mix(r, (uint64_t)e->limit);
    mix(r, e->outcome);
}

static void take_world(sim_run *r, const trace_event *e) {
    mix(r, hash_text(e->job));
    mix(r, hash_text(e->node));
    mix(r, hash_text(e->session));
    mix(r, hash_text(e->code));
    mix(r, hash_text(e->from));
    mix(r, (uint64_t)e->node_index);
    mix(r, (uint64_t)e->group_index);
    mix_pair(r, e->pair);
    mix(r, e->utterance);
    mix(r, (uint64_t)e->attempt);
    mix(r, (uint64_t)e->value);
    mix(r, (uint64_t)e->length);
    mix(r, e->outcome);
}

static void take(void *ctx, const trace_event *e) {
    sim_run *r = ctx;
    r->world[e->kind]++;
    r->out_of_order += e->at < r->last;
    r->last = e->at;
    mix(r, e->kind);
    mix(r, (uint64_t)e->at);
    if (e->kind == TRACE_CORE)
        take_core(r, e->core);
    else
        take_world(r, e);
}

static void end_check(sim_run *r) {
    usec_t end = r->scenario->start + r->facts.simulated;
    checker_end(r->checker, end, r->facts.drained);
    for (int64_t i = 0; i < r->facts.findings && i < SIMULATION_FINDINGS_MAX; i++)
        checker_data(r->checker, end, r->facts.finding[i]);
}

sim_run *sim_run_new(const char *yaml, const sim_run_options *options) {
    sched_error err;
    sim_run *r = mem_zalloc(1, sizeof *r);
    sched_status status = scenario_parse("test", yaml, strlen(yaml), &r->scenario, &err);
    ck_assert_msg(!status, "%s", err.message);
    checker_rules rules = watched_run_rules(r->scenario);
    r->checker = checker_new(&rules);
    trace_sink sinks[3] = {{take, r}, checker_sink(r->checker)};
    simulation_options run = simulation_defaults;
    run.sinks = sinks;
    run.sink_count = 2;
    if (options) {
        run.scripts = options->scripts;
        run.stop = options->stop;
        run.clock = options->clock;
        run.redis_url = options->redis_url;
        run.redis_masters = options->redis_masters;
        run.wrap_link = options->wrap_link;
        run.drained = options->drained;
        run.ctx = options->ctx;
        if (options->also) sinks[run.sink_count++] = *options->also;
    }
    signal(SIGPIPE, SIG_IGN); /* as the commands have it: a server that is killed ends no run */
    status = simulation_run(r->scenario, &run, &r->facts, &err);
    ck_assert_msg(!status, "%s", err.message);
    end_check(r);
    return r;
}

sim_run *sim_run_free(sim_run *r) {
    if (!r) return NULL;
    checker_free(r->checker);
    scenario_free(r->scenario);
    free(r);
    return NULL;
}

const char *sim_run_broken(const sim_run *r) {
    return checker_violations(r->checker) ? violation_name(checker_violation(r->checker, 0)->kind) : "";
}

void sim_run_expect_clean(const sim_run *r) {
    if (checker_violations(r->checker)) {
        const violation *v = checker_violation(r->checker, 0);
        ck_abort_msg("%s: %s\n%s", violation_name(v->kind), v->message, v->history ? v->history : "");
    }
    ck_assert_msg(r->facts.drained, "%lld jobs are left after the drain", (long long)r->facts.jobs_left);
    ck_assert_int_eq(r->facts.findings, 0);
    ck_assert_uint_eq(r->out_of_order, 0);
}
