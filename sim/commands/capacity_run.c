/* capacity_run.c - one seed goes ahead and finds its crossing; the others begin where it was found, all side by side.
 *
 * Why so: the crossings of seeds differ by a few percent, so that all but the first one need two or three runs. The runs that draw the
 * curve are made beside those. */
#include "sim/commands/capacity_run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sim/commands/commands.h"
#include "sim/commands/sweep_run.h"

enum { WISHES_MAX = SWEEP_VALUES_MAX, PATH_TEXT_MAX = 4096 };

#define FIRST_STEP 1.1

/* A run that is to be made. */
typedef struct wish {
    int64_t value, seed;
    bool lost;
    char *variant; /* owned */
} wish;

typedef struct planner {
    const capacity_arguments *args;
    char *folder; /* of the runs */
    capacity_run *runs;
    size_t count, room;
    wish wishes[WISHES_MAX];
    size_t wish_count;
    int lost_group;
    int status;
} planner;

/* ---- runs ----------------------------------------------------------------------------------------------------------- */

static const capacity_run *run_of(const planner *p, int64_t value, int64_t seed, bool lost) {
    for (size_t i = 0; i < p->count; i++) {
        const capacity_run *r = &p->runs[i];
        if (r->value == value && r->seed == seed && r->lost == lost) return r;
    }
    return NULL;
}

static char *variant_of(const planner *p, const wish *w) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out) return mem_strdup("");
    fprintf(out, "%" PRId64 "-s%" PRId64 "%s:seed=%" PRId64 ",", w->value, w->seed, w->lost ? "-lost" : "", w->seed);
    axis_write(p->args->axis, p->args->sc, w->value, w->lost ? p->lost_group : -1, out);
    fclose(out);
    return text;
}

/* Nothing when that run was made, or wished for. */
static void want(planner *p, int64_t value, int64_t seed, bool lost) {
    if (run_of(p, value, seed, lost) || p->wish_count == WISHES_MAX) return;
    for (size_t i = 0; i < p->wish_count; i++) {
        const wish *w = &p->wishes[i];
        if (w->value == value && w->seed == seed && w->lost == lost) return;
    }
    wish *w = &p->wishes[p->wish_count++];
    *w = (wish){.value = value, .seed = seed, .lost = lost};
    w->variant = variant_of(p, w);
}

static void keep(planner *p, const wish *w, const sweep_cell *cell) {
    char path[PATH_TEXT_MAX];
    sched_error err;
    if (p->count == p->room) {
        p->room = p->room ? 2 * p->room : 64;
        p->runs = mem_realloc(p->runs, p->room, sizeof *p->runs);
    }
    capacity_run *r = &p->runs[p->count];
    *r = (capacity_run){.value = w->value, .seed = w->seed, .lost = w->lost};
    snprintf(path, sizeof path, "%s/%s/result.json", p->folder, cell->folder);
    if (cell->state != CELL_ENDED) {
        p->status = STATUS_FAILED;
    } else if (capacity_run_read(path, r, &err)) {
        fprintf(stderr, "%s\n", err.message);
        p->status = STATUS_FAILED;
    } else {
        p->count++;
    }
}

static int take(void *ctx, const sweep_view *view, sweep_plan *plan, const char *folder) {
    planner *p = ctx;
    (void)plan, (void)folder;
    for (size_t i = 0; i < p->wish_count; i++) keep(p, &p->wishes[i], &view->cells[i]);
    return STATUS_FINE;
}

/* Makes all that is wished for; false when that did not succeed. */
static bool make(planner *p) {
    const capacity_arguments *args = p->args;
    const char *variants[WISHES_MAX], *words[] = {"--keep-going", "--no-report"};
    if (p->status) return false;
    for (size_t i = 0; i < p->wish_count; i++) variants[i] = p->wishes[i].variant;
    int status = STATUS_FINE;
    if (p->wish_count)
        status = sweep_run(&(sweep_arguments){
            .command = "capacity",
            .scenario = args->scenario,
            .out = p->folder,
            .sets = args->sets,
            .variants = variants,
            .variant_count = p->wish_count,
            .fresh = args->fresh,
            .quiet = args->quiet,
            .jobs = args->jobs,
            .runs = 1,
            .words = words,
            .word_count = args->report ? 1 : 2,
            .no_csv = true,
            .conclude = take,
            .ctx = p,
        });
    for (size_t i = 0; i < p->wish_count; i++) free(p->wishes[i].variant);
    p->wish_count = 0;
    if (status) p->status = status;
    return !p->status;
}

/* ---- the search ----------------------------------------------------------------------------------------------------- */

static void tell_round(const planner *p, const search *s, size_t seed, bool lost) {
    if (p->args->quiet) return;
    fprintf(stderr, "capacity: seed %" PRId64 "%s:", p->args->first_seed + (int64_t)seed,
            lost ? ", largest group lost" : "");
    if (s->has_good) fprintf(stderr, " holds at %" PRId64, s->good);
    if (s->has_bad) fprintf(stderr, "%s fails at %" PRId64, s->has_good ? "," : "", s->bad);
    if (search_result(s) != SEARCH_GOES_ON) fputs(": done", stderr);
    fputc('\n', stderr);
}

static int64_t seed_of(const planner *p, size_t i) {
    return p->args->first_seed + (int64_t)i;
}

static bool round_of(planner *p, search *s, size_t i, bool lost, bool told) {
    int64_t values[SEARCH_ASKS];
    size_t n = search_ask(s, values);
    for (size_t k = 0; k < n; k++) {
        const capacity_run *r = run_of(p, values[k], seed_of(p, i), lost);
        if (told && r)
            search_tell(s, values[k], r->holds);
        else if (!told)
            want(p, values[k], seed_of(p, i), lost);
    }
    if (n && told) tell_round(p, s, i, lost);
    return n > 0;
}

/* Goes on with the searches of these seeds until all have ended. */
static bool advance(planner *p, capacity_answer *a, size_t first, size_t end, bool lost) {
    while (true) {
        bool going = false;
        for (size_t i = first; i < end; i++) going |= round_of(p, &a->seed[i], i, lost, false);
        if (!going) return make(p);
        if (!make(p)) return false;
        for (size_t i = first; i < end; i++) round_of(p, &a->seed[i], i, lost, true);
    }
}

static search_options first_options(const planner *p, bool lost, const capacity_answer *whole) {
    const capacity_axis *axis = p->args->axis;
    search_options o = {.sense = axis_sense(axis),
                        .low = axis->low,
                        .high = axis->high,
                        .start = axis_guess(axis, p->args->sc),
                        .step = FIRST_STEP,
                        .precision = p->args->precision};
    if (!lost) return o;
    const node_group *g = &p->args->sc->node_groups[p->lost_group];
    double left = 1 - (double)(g->count * g->slots) / (double)scenario_total(p->args->sc).slots;
    double near = axis->kind == AXIS_NODES ? whole->value / left : whole->value * left;
    o.sense = whole->sense;
    o.start = (int64_t)llround(fmin(fmax(near, (double)axis->low), (double)axis->high));
    return o;
}

/* A step from where the leader holds leads to where it fails. */
static search_options later_options(const search *leader) {
    search_options o = leader->options;
    if (!leader->has_good || !leader->has_bad) {
        o.start = leader->has_good ? leader->good : leader->bad;
        return o;
    }
    double good = (double)leader->good, bad = (double)leader->bad;
    o.start = leader->good;
    o.step = fmax(good, bad) / fmin(good, bad);
    return o;
}

/* Lighter and heavier than the crossing. */
static void want_curve(planner *p, const search *leader) {
    static const double loads[] = {0.5, 0.75, 1.1, 1.25};
    const capacity_axis *axis = p->args->axis;
    if (!p->args->curve || search_result(leader) != SEARCH_FOUND) return;
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        double crossing = search_crossing(leader);
        double value = round(leader->options.sense == SEARCH_LEAST ? crossing / loads[i] : crossing * loads[i]);
        if (value >= (double)axis->low && value <= (double)axis->high) want(p, (int64_t)value, seed_of(p, 0), false);
    }
}

static bool find(planner *p, capacity_answer *a, bool lost, const capacity_answer *whole) {
    a->seeds = p->args->seeds;
    search_options o = first_options(p, lost, whole);
    search_begin(&a->seed[0], &o);
    if (!advance(p, a, 0, 1, lost)) return false;
    o = later_options(&a->seed[0]);
    for (size_t i = 1; i < a->seeds; i++) search_begin(&a->seed[i], &o);
    if (!lost) want_curve(p, &a->seed[0]);
    if (!advance(p, a, 1, a->seeds, lost)) return false;
    capacity_answer_make(a, p->args->axis);
    return true;
}

/* ---- all ------------------------------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b) {
    const capacity_run *x = a, *y = b;
    if (x->lost != y->lost) return x->lost ? 1 : -1;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->seed < y->seed ? -1 : x->seed > y->seed;
}

int capacity_run_all(const capacity_arguments *args, int (*conclude)(void *ctx, const capacity *c), void *ctx) {
    planner *p = mem_zalloc(1, sizeof *p);
    capacity *c = mem_zalloc(1, sizeof *c);
    char folder[PATH_TEXT_MAX];
    snprintf(folder, sizeof folder, "%s/runs", args->out);
    p->args = args;
    p->folder = folder;
    p->lost_group = args->headroom ? axis_largest_group(args->sc) : -1;
    bool found = find(p, &c->all, false, NULL);
    bool less = found && p->lost_group >= 0 && c->all.end == SEARCH_FOUND;
    if (less) found = find(p, &c->less, true, &c->all);
    if (p->count > 0) qsort(p->runs, p->count, sizeof *p->runs, by_value);
    c->sc = args->sc;
    c->axis = args->axis;
    c->command = args->command;
    c->first_seed = args->first_seed;
    c->seeds = args->seeds;
    c->runs = p->runs;
    c->run_count = p->count;
    c->lost_group = less && found ? p->lost_group : -1;
    c->complete = found;
    int status = p->status;
    if (status != STATUS_BAD_INPUT) {
        int concluded = conclude(ctx, c);
        if (!status) status = concluded;
    }
    free(p->runs);
    free(p);
    free(c);
    return status;
}
