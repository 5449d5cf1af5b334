/* capacity.c - what follows from the runs.
 *
 * Why each seed has a crossing of its own: averaging latencies of several seeds and then looking for one crossing would say nothing
 * about how sure it is. A capacity is where one history of arrivals ceases to be carried; over seeds these are independent numbers,
 * with a mean and an interval.
 *
 * Why half of a bracket is added to Student's interval: where in its bracket a crossing lies is not known, and all of them may lie on
 * the same side. */
#include "sim/capacity/capacity.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

/* ---- the answer ----------------------------------------------------------------------------------------------------- */

static double limit_of(const capacity_axis *axis, search_sense sense, search_end end) {
    bool high = (sense == SEARCH_GREATEST) == (end == SEARCH_EVERYWHERE);
    return (double)(high ? axis->high : axis->low);
}

void capacity_answer_make(capacity_answer *a, const capacity_axis *axis) {
    double crossing[CAPACITY_SEEDS_MAX], doubt = 0;
    assert(a->seeds >= 1 && a->seeds <= CAPACITY_SEEDS_MAX);
    a->end = SEARCH_FOUND;
    a->sense = a->seed[0].options.sense;
    for (size_t i = 0; i < a->seeds && a->end == SEARCH_FOUND; i++) {
        a->end = search_result(&a->seed[i]);
        if (a->end != SEARCH_FOUND) break;
        crossing[i] = search_crossing(&a->seed[i]);
        doubt += search_doubt(&a->seed[i]) / (double)a->seeds;
    }
    if (a->end != SEARCH_FOUND) {
        a->value = a->low = a->high = limit_of(axis, a->sense, a->end);
        return;
    }
    interval i = interval_of(crossing, a->seeds);
    double half = doubt + (i.n > 1 ? i.half : 0);
    a->value = i.mean;
    a->low = fmax(i.mean - half, (double)axis->low);
    a->high = fmin(i.mean + half, (double)axis->high);
}

int64_t capacity_answer_number(const capacity_answer *a) {
    double half = (a->high - a->low) / 2, unit = half > 10 ? pow(10, floor(log10(half)) - 1) : 1;
    if (unit < 1) unit = 1;
    double steps = a->value / unit;
    return (int64_t)((a->sense == SEARCH_LEAST ? ceil(steps - 1e-9) : floor(steps + 1e-9)) * unit);
}

bool capacity_is_answered(const capacity *c) {
    return c->complete && c->all.end == SEARCH_FOUND;
}

/* ---- runs ----------------------------------------------------------------------------------------------------------- */

static bool counts(const capacity_run *r) {
    return r->there && !r->lost;
}

interval capacity_interval(const capacity *c, int64_t value, capacity_figure f) {
    double values[CAPACITY_SEEDS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < c->run_count; i++) {
        const capacity_run *r = &c->runs[i];
        if (counts(r) && r->value == value && n < CAPACITY_SEEDS_MAX) values[n++] = r->figure[f];
    }
    return interval_of(values, n);
}

size_t capacity_values(const capacity *c, int64_t *ret_values, size_t max) {
    size_t n = 0;
    for (size_t i = 0; i < c->run_count && n < max; i++) {
        const capacity_run *r = &c->runs[i];
        if (counts(r) && (!n || ret_values[n - 1] != r->value)) ret_values[n++] = r->value;
    }
    return n;
}

size_t capacity_held(const capacity *c, int64_t value, size_t *ret_runs) {
    size_t held = 0;
    *ret_runs = 0;
    for (size_t i = 0; i < c->run_count; i++) {
        const capacity_run *r = &c->runs[i];
        if (!counts(r) || r->value != value) continue;
        (*ret_runs)++;
        held += r->holds;
    }
    return held;
}

/* The run at which a seed fails first; NULL when it fails nowhere. */
static const capacity_run *first_failure(const capacity *c, size_t seed) {
    const search *s = &c->all.seed[seed];
    if (!s->has_bad) return NULL;
    for (size_t i = 0; i < c->run_count; i++) {
        const capacity_run *r = &c->runs[i];
        if (counts(r) && r->value == s->bad && r->seed == c->first_seed + (int64_t)seed) return r;
    }
    return NULL;
}

char *capacity_missed(const capacity *c, char text[CAPACITY_SENTENCE_MAX]) {
    size_t missed[SLOS_MAX] = {0}, broken = 0, failures = 0, len = 0;
    for (size_t i = 0; i < c->seeds; i++) {
        const capacity_run *r = first_failure(c, i);
        if (!r) continue;
        failures++;
        broken += r->broken;
        for (size_t k = 0; k < c->sc->slo_count; k++) missed[k] += r->missed >> k & 1;
    }
    *text = '\0';
    for (size_t k = 0; k < c->sc->slo_count && len < CAPACITY_SENTENCE_MAX; k++) {
        if (!missed[k]) continue;
        len += (size_t)snprintf(text + len, CAPACITY_SENTENCE_MAX - len, "%s%s", len ? ", " : "", c->sc->slos[k].text);
        if (missed[k] < failures && len < CAPACITY_SENTENCE_MAX)
            len +=
                (size_t)snprintf(text + len, CAPACITY_SENTENCE_MAX - len, " (%zu of %zu seeds)", missed[k], failures);
    }
    if (broken && len < CAPACITY_SENTENCE_MAX)
        snprintf(text + len, CAPACITY_SENTENCE_MAX - len, "%sa promise broke (%zu of %zu seeds)", len ? ", " : "",
                 broken, failures);
    return text;
}

/* ---- the knee, money, the law --------------------------------------------------------------------------------------- */

/* Loads from light to heavy. */
static size_t loads(const capacity *c, int64_t values[CAPACITY_RUNS_MAX]) {
    size_t n = capacity_values(c, values, CAPACITY_RUNS_MAX);
    for (size_t i = 0; c->all.sense == SEARCH_LEAST && i < n / 2; i++) {
        int64_t other = values[i];
        values[i] = values[n - 1 - i];
        values[n - 1 - i] = other;
    }
    return n;
}

double capacity_knee(const capacity *c) {
    int64_t values[CAPACITY_RUNS_MAX];
    size_t n = loads(c, values);
    double light = NAN, before = NAN;
    for (size_t i = 0; i < n; i++) {
        double p95 = capacity_interval(c, values[i], CAPACITY_E2E_P95).mean, high = 1.5 * light;
        if (isnan(p95)) continue;
        if (isnan(light)) light = p95;
        if (p95 > high && i > 0)
            return (double)values[i - 1] + (double)(values[i] - values[i - 1]) * (high - before) / (p95 - before);
        before = p95;
    }
    return NAN;
}

double capacity_cost(const capacity *c, int64_t value) {
    int64_t nodes[GROUPS_MAX];
    double cost = 0;
    axis_nodes(c->axis, c->sc, value, nodes);
    for (size_t i = 0; i < c->sc->node_group_count; i++) cost += (double)nodes[i] * c->sc->node_groups[i].price;
    return cost;
}

capacity_figure capacity_throughput(const capacity *c) {
    return c->axis->kind == AXIS_SESSIONS ? CAPACITY_ANSWERS_PER_S : CAPACITY_DECISIONS;
}

bool capacity_usl(const capacity *c, usl_fit *ret_fit) {
    if (c->axis->kind != AXIS_SESSIONS && strcmp(c->axis->path, "instances.count") != 0) return false;
    double *n = mem_zalloc(c->run_count + 1, sizeof *n), *y = mem_zalloc(c->run_count + 1, sizeof *y);
    size_t count = 0;
    for (size_t i = 0; i < c->run_count; i++) {
        const capacity_run *r = &c->runs[i];
        double throughput = r->figure[capacity_throughput(c)];
        if (!counts(r) || !(throughput > 0)) continue;
        n[count] = (double)r->value;
        y[count++] = throughput;
    }
    bool fitted = usl_fit_points(n, y, count, (uint64_t)c->first_seed, ret_fit, NULL) == SCHED_OK;
    free(n);
    free(y);
    return fitted;
}

/* ---- what binds ----------------------------------------------------------------------------------------------------- */

typedef struct use_sum {
    double sum;
    size_t n;
} use_sum;

static void add(use_sum *u, double value) {
    if (isnan(value)) return;
    u->sum += value;
    u->n++;
}

static void put(binding *list, size_t *count, binding_kind kind, const char *name, use_sum use) {
    if (!use.n) return;
    binding *b = &list[(*count)++];
    *b = (binding){.kind = kind, .use = use.sum / (double)use.n};
    snprintf(b->name, sizeof b->name, "%s", name);
}

/* The pair of most first failures says more about a bottleneck than one that only a seed met. */
static const capacity_run *commonest_pair(const capacity *c, size_t *ret_times) {
    const capacity_run *best = NULL;
    *ret_times = 0;
    for (size_t i = 0; i < c->seeds; i++) {
        const capacity_run *r = first_failure(c, i);
        size_t times = 0;
        for (size_t k = 0; r && *r->pair && k < c->seeds; k++) {
            const capacity_run *other = first_failure(c, k);
            times += other && !strcmp(other->pair, r->pair);
        }
        if (times <= *ret_times) continue;
        *ret_times = times;
        best = r;
    }
    return best;
}

static int busiest_first(const void *a, const void *b) {
    const binding *x = a, *y = b;
    if (x->use > y->use || x->use < y->use) return x->use > y->use ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The nodes of a pair are told apart from all nodes only when they are clearly busier than those. */
#define PAIR_APART 0.05

static void put_pair(const capacity *c, use_sum nodes, binding *list, size_t *count) {
    size_t times;
    const capacity_run *of = commonest_pair(c, &times);
    use_sum use = {0, 0};
    char name[CAPACITY_TEXT_MAX];
    if (!of || !nodes.n) return;
    for (size_t i = 0; i < c->seeds; i++) {
        const capacity_run *r = first_failure(c, i);
        if (r && !strcmp(r->pair, of->pair)) add(&use, r->pair_use);
    }
    if (use.sum / (double)use.n < nodes.sum / (double)nodes.n + PAIR_APART) return;
    snprintf(name, sizeof name, "the %lld nodes that serve %s", (long long)of->pair_nodes, of->pair);
    put(list, count, BINDS_PAIR, name, use);
}

size_t capacity_bindings(const capacity *c, binding list[BINDINGS_MAX]) {
    use_sum nodes = {0, 0}, redis = {0, 0}, scheduler = {0, 0}, group[GROUPS_MAX] = {{0, 0}};
    size_t count = 0, groups = c->sc->node_group_count;
    double instances =
        c->axis->kind == AXIS_PATH && !strcmp(c->axis->path, "instances.count") ? 0 : (double)c->sc->instances.count;
    for (size_t i = 0; i < c->seeds; i++) {
        const capacity_run *r = first_failure(c, i);
        if (!r) continue;
        add(&nodes, r->figure[CAPACITY_NODES] / 100);
        add(&redis, r->figure[CAPACITY_REDIS] / 100);
        add(&scheduler, r->figure[CAPACITY_SCHEDULER] / 100 / (instances > 0 ? instances : (double)r->value));
        for (size_t g = 0; g < groups; g++) add(&group[g], r->group[g]);
    }
    for (size_t g = 0; g < groups && groups > 1; g++) {
        char name[CAPACITY_TEXT_MAX];
        snprintf(name, sizeof name, "nodes of group %s", c->sc->node_groups[g].name);
        put(list, &count, BINDS_GROUP, name, group[g]);
    }
    if (groups == 1) put(list, &count, BINDS_NODES, "nodes", nodes);
    put_pair(c, nodes, list, &count);
    put(list, &count, BINDS_REDIS, "Redis", redis);
    put(list, &count, BINDS_SCHEDULER, "scheduler CPU", scheduler);
    qsort(list, count, sizeof *list, busiest_first);
    return count;
}

/* Below this share of its time nothing makes others wait so much that one would call it the limit. */
#define BUSY 0.7

binding capacity_binds(const capacity *c) {
    binding list[BINDINGS_MAX];
    size_t count = capacity_bindings(c, list);
    if (count && list[0].use >= BUSY) return list[0];
    return (binding){.kind = BINDS_NOTHING, .name = "nothing that is busy", .use = count ? list[0].use : 0};
}
