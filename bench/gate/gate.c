/* gate.c - see the header for who stands against whom.
 *
 * Each side is a process of its own for each measurement, also in pairs: what one leaves behind (heap, caches, keys) the next does not
 * find. The order within pairs alternates, so that a machine that grows slower from minute to minute favours neither side. */
#include "bench/gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/gate/baseline.h"
#include "bench/gate/probe.h"
#include "core/base/mem.h"

typedef struct gate {
    const gate_options *o;
    gate_report *r;
    baseline agreed;
    bool has_baseline;
} gate;

static void tell(const gate *g, const char *what) {
    if (g->o->progress) g->o->progress(what);
}

static sched_status ask(const gate *g, bool base, probe_kind kind, probe_answer *ret_answer, sched_error *err) {
    if (base) return probe_ask(g->o->base, kind, NULL, ret_answer, err);
    return probe_ask(g->o->cand, kind, g->o->scripts, ret_answer, err);
}

static void skip(gate *g, gate_layer layer, const char *why) {
    snprintf(g->r->layer[layer].skipped, GATE_TEXT_MAX, "%s", why);
}

static void ran(gate *g, gate_layer layer, const char *against) {
    g->r->layer[layer].ran = true;
    snprintf(g->r->layer[layer].against, GATE_TEXT_MAX, "%s", against);
}

/* --- counters ----------------------------------------------------------------------------------------------------------------- */

static bool same_redis(const environment *a, const environment *b) {
    char one[32], other[32];
    environment_redis_version(a, one);
    environment_redis_version(b, other);
    return !strcmp(one, other);
}

static sched_status run_counters(gate *g, sched_error *err) {
    probe_answer mine = {0}, other = {0};
    bool by_file = g->has_baseline && same_redis(&g->agreed.env, &g->r->env);
    if (!by_file && !g->o->base) {
        skip(g, LAYER_COUNTERS,
             g->has_baseline ? "the baseline is of another version of Redis: needs --base"
                             : "there is no baseline: needs --base, or --bless to make one");
        return SCHED_OK;
    }
    tell(g, "counters of the candidate");
    sched_status status = ask(g, false, PROBE_COUNTERS, &mine, err);
    if (!status && !by_file) {
        tell(g, "counters of the base");
        status = ask(g, true, PROBE_COUNTERS, &other, err);
    }
    if (!status) {
        ran(g, LAYER_COUNTERS, by_file ? g->o->baseline : g->o->base);
        gate_judge_counters(g->r, by_file ? &g->agreed.counters : &other.figures, &mine.figures);
    }
    figures_free(&mine.figures);
    figures_free(&other.figures);
    return status;
}

/* --- instructions --------------------------------------------------------------------------------------------------------------- */

/* False when the baseline cannot be trusted here: then *ret_why says what differs. */
static bool baseline_counts_here(const gate *g, char why[GATE_TEXT_MAX]) {
    if (!g->has_baseline || !g->agreed.instructions.count) {
        snprintf(why, GATE_TEXT_MAX, "the baseline has none: needs --base");
        return false;
    }
    environment_item item = environment_differs(&g->agreed.env, &g->r->env);
    if (item == ENV_ITEMS) return true;
    snprintf(why, GATE_TEXT_MAX, "the baseline was counted with another %s (%.100s, here %.100s): needs --base",
             environment_name(item), g->agreed.env.text[item], g->r->env.text[item]);
    return false;
}

static sched_status run_instructions(gate *g, sched_error *err) {
    probe_answer mine = {0}, other = {0};
    char why[GATE_TEXT_MAX];
    if (!*g->r->env.text[ENV_VALGRIND]) {
        skip(g, LAYER_INSTRUCTIONS, "needs valgrind (Debian: apt install valgrind), and a program without a sanitizer");
        return SCHED_OK;
    }
    if (!g->o->base && !baseline_counts_here(g, why)) {
        skip(g, LAYER_INSTRUCTIONS, why);
        return SCHED_OK;
    }
    tell(g, "instructions of the candidate");
    sched_status status = ask(g, false, PROBE_INSTRUCTIONS, &mine, err);
    if (!status && g->o->base) {
        tell(g, "instructions of the base");
        status = ask(g, true, PROBE_INSTRUCTIONS, &other, err);
    }
    if (!status) {
        ran(g, LAYER_INSTRUCTIONS, g->o->base ? g->o->base : g->o->baseline);
        gate_judge_instructions(g->r, g->o->base ? &other.figures : &g->agreed.instructions, &mine.figures);
    }
    figures_free(&mine.figures);
    figures_free(&other.figures);
    return status;
}

/* --- pace ------------------------------------------------------------------------------------------------------------------------ */

/* A round of one side: a series for each figure that it names. */
static sched_status take_round(const gate *g, bool base, figures *names, pace_series **series, int round,
                               sched_error *err) {
    probe_answer answer = {0};
    sched_status status = ask(g, base, PROBE_PACE, &answer, err);
    if (status) return status;
    if (!names->count) {
        *names = answer.figures;
        answer.figures = (figures){0};
        *series = mem_zalloc(names->count, sizeof **series);
        for (size_t i = 0; i < names->count; i++) (*series)[i].value[round] = names->list[i].value;
    }
    for (size_t i = 0; i < answer.figures.count; i++)
        for (size_t n = 0; n < names->count; n++)
            if (!strcmp(names->list[n].name, answer.figures.list[i].name))
                (*series)[n].value[round] = answer.figures.list[i].value;
    figures_free(&answer.figures);
    return SCHED_OK;
}

typedef struct side {
    bool base;
    figures names;
    pace_series *series;
} side;

static sched_status take_pairs(const gate *g, side *a, side *b, const char *what, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int round = 0; round < g->o->pairs && !status; round++) {
        char text[80];
        snprintf(text, sizeof text, "pace, %s: pair %d of %d", what, round + 1, g->o->pairs);
        tell(g, text);
        side *first = round % 2 ? b : a, *second = round % 2 ? a : b;
        status = take_round(g, first->base, &first->names, &first->series, round, err);
        if (!status) status = take_round(g, second->base, &second->names, &second->series, round, err);
    }
    return status;
}

/* Figures that both sides have; what is new, or gone, has no pair. */
static void judge_sides(const gate *g, const side sides[4]) {
    for (size_t i = 0; i < sides[3].names.count; i++) {
        const char *name = sides[3].names.list[i].name;
        pace_series base[3];
        int found = 0;
        for (int s = 0; s < 3; s++)
            for (size_t n = 0; n < sides[s].names.count; n++)
                if (!strcmp(sides[s].names.list[n].name, name)) {
                    base[s] = sides[s].series[n];
                    found++;
                }
        if (found == 3) gate_judge_pace(g->r, name, base, &sides[3].series[i], g->o->pairs);
    }
}

static sched_status run_pace(gate *g, sched_error *err) {
    if (!g->o->base) {
        skip(g, LAYER_PACE, "needs --base: time is measured side by side only");
        return SCHED_OK;
    }
    side sides[4] = {{.base = true}, {.base = true}, {.base = true}, {.base = false}};
    sched_status status = take_pairs(g, &sides[0], &sides[1], "base against base", err);
    if (!status) status = take_pairs(g, &sides[2], &sides[3], "base against candidate", err);
    if (!status) {
        ran(g, LAYER_PACE, g->o->base);
        judge_sides(g, sides);
    }
    for (int s = 0; s < 4; s++) {
        figures_free(&sides[s].names);
        free(sides[s].series);
    }
    return status;
}

/* --- all of them ------------------------------------------------------------------------------------------------------------------ */

static sched_status open_baseline(gate *g, sched_error *err) {
    sched_status status = baseline_read(g->o->baseline, &g->agreed, err);
    g->has_baseline = !status;
    if (g->has_baseline) baseline_reason(&g->agreed, g->r->blessed, sizeof g->r->blessed);
    return status == SCHED_ENOENT ? SCHED_OK : status;
}

sched_status gate_run(const gate_options *options, gate_report *ret_report, sched_error *err) {
    static sched_status (*const run[GATE_LAYERS])(gate *, sched_error *) = {run_counters, run_instructions, run_pace};
    gate g = {.o = options, .r = ret_report};
    probe_answer about = {0};
    *ret_report = (gate_report){.pairs = options->pairs};
    snprintf(ret_report->base, GATE_TEXT_MAX, "%s", options->base ? options->base : "");
    snprintf(ret_report->cand, GATE_TEXT_MAX, "%s", options->cand);
    for (int l = 0; l < GATE_LAYERS; l++) skip(&g, (gate_layer)l, options->layer[l] ? "not reached" : "not asked for");
    sched_status status = open_baseline(&g, err);
    if (!status) status = ask(&g, false, PROBE_ENVIRONMENT, &about, err);
    ret_report->env = about.env;
    for (int l = 0; l < GATE_LAYERS && !status; l++)
        if (options->layer[l]) status = run[l](&g, err);
    ret_report->interrupted = status == SCHED_EINTR;
    baseline_free(&g.agreed);
    return status;
}

/* Instructions that are not to be counted anew stay, if they are of this environment. */
static sched_status bless_layers(gate *g, baseline *fresh, sched_error *err) {
    probe_answer answer = {0};
    sched_status status = ask(g, false, PROBE_ENVIRONMENT, &answer, err);
    if (status) return status;
    fresh->env = answer.env;
    tell(g, "counters");
    status = ask(g, false, PROBE_COUNTERS, &answer, err);
    if (status) return status;
    fresh->counters = answer.figures;
    if (!g->o->layer[LAYER_INSTRUCTIONS] || !*fresh->env.text[ENV_VALGRIND]) {
        if (!g->has_baseline || environment_differs(&g->agreed.env, &fresh->env) != ENV_ITEMS) return SCHED_OK;
        fresh->instructions = g->agreed.instructions;
        g->agreed.instructions = (figures){0};
        return SCHED_OK;
    }
    tell(g, "instructions");
    status = ask(g, false, PROBE_INSTRUCTIONS, &answer, err);
    if (!status) fresh->instructions = answer.figures;
    return status;
}

sched_status gate_bless(const gate_options *options, const char *reason, sched_error *err) {
    gate_report none = {0};
    gate g = {.o = options, .r = &none};
    baseline fresh = {0};
    sched_status status = open_baseline(&g, err);
    fresh.blessed = json_incref(g.agreed.blessed);
    if (!status) status = bless_layers(&g, &fresh, err);
    if (!status) status = baseline_bless(&fresh, reason, options->baseline, err);
    baseline_free(&fresh);
    baseline_free(&g.agreed);
    return status;
}
