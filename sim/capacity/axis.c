/* axis.c - numbers are shared out by largest remainders: the sum is exact, and each group has at least one. */
#include "sim/capacity/axis.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/base/units.h"

/* A group cannot be left out: it comes, and goes before anybody speaks. */
#define GONE "nodes.%d.join={at: 0s, over: 0s},nodes.%d.leave={at: 500ms, over: 0s, share: 100%%}"

#define USE_GUESSED 0.9

/* ---- the argument --------------------------------------------------------------------------------------------------- */

static sched_status parse_end(const char *text, size_t len, int64_t *ret_value, sched_error *err) {
    char end[UNITS_TEXT_MAX];
    snprintf(end, sizeof end, "%.*s", (int)len, text);
    sched_status status = units_parse_count(end, ret_value, err);
    if (!status && (*ret_value < 1 || *ret_value > AXIS_VALUE_MAX))
        status = sched_fail(err, SCHED_EINVAL, "\"%s\" is out of bounds: expected 1 .. %d", end, AXIS_VALUE_MAX);
    return status;
}

sched_status axis_parse(const char *text, capacity_axis *ret_axis, sched_error *err) {
    const char *equals = strchr(text, '='), *dots = equals ? strstr(equals, "..") : NULL;
    size_t len = equals ? (size_t)(equals - text) : 0;
    if (!dots || !len || len > AXIS_PATH_MAX)
        return sched_fail(err, SCHED_EINVAL, "\"%s\": expected sessions=LOW..HIGH, nodes=LOW..HIGH or PATH=LOW..HIGH",
                          text);
    capacity_axis a = {.kind = AXIS_PATH};
    snprintf(a.path, sizeof a.path, "%.*s", (int)len, text);
    if (!strcmp(a.path, "sessions")) a.kind = AXIS_SESSIONS;
    if (!strcmp(a.path, "nodes")) a.kind = AXIS_NODES;
    sched_status status = parse_end(equals + 1, (size_t)(dots - equals - 1), &a.low, err);
    if (!status) status = parse_end(dots + 2, strlen(dots + 2), &a.high, err);
    if (!status && a.low > a.high)
        status = sched_fail(err, SCHED_EINVAL, "\"%s\": the range ends before it begins", text);
    if (!status) *ret_axis = a;
    return status;
}

/* ---- the scenario --------------------------------------------------------------------------------------------------- */

static double sessions_at_once(const session_group *g) {
    return g->concurrent ? (double)g->concurrent : g->rate * dist_mean(&g->length) / USEC_PER_SEC;
}

static size_t group_count(const capacity_axis *a, const scenario *sc) {
    return a->kind == AXIS_SESSIONS ? sc->session_group_count : sc->node_group_count;
}

sched_status axis_check(const capacity_axis *a, const scenario *sc, sched_error *err) {
    if (a->kind == AXIS_PATH) return SCHED_OK;
    int64_t groups = (int64_t)group_count(a, sc),
            most = a->kind == AXIS_SESSIONS ? SCENARIO_SESSIONS_MAX : SCENARIO_NODES_MAX;
    if (a->low < groups)
        return sched_fail(err, SCHED_EINVAL,
                          "%s=%" PRId64 "..%" PRId64 ": there are %" PRId64 " groups, with at least one each", a->path,
                          a->low, a->high, groups);
    if (a->high > most)
        return sched_fail(err, SCHED_EINVAL, "%s=%" PRId64 "..%" PRId64 ": at most %" PRId64 " are accepted", a->path,
                          a->low, a->high, most);
    for (size_t i = 0; a->kind == AXIS_SESSIONS && i < sc->session_group_count; i++) {
        const session_group *g = &sc->session_groups[i];
        if (!g->concurrent && !(g->rate_given > 0))
            return sched_fail(err, SCHED_EINVAL,
                              "sessions of group \"%s\" come as a trace, or the rate of bursts, says; vary nodes "
                              "instead",
                              g->name);
    }
    return SCHED_OK;
}

search_sense axis_sense(const capacity_axis *a) {
    return a->kind == AXIS_SESSIONS ? SEARCH_GREATEST : a->kind == AXIS_NODES ? SEARCH_LEAST : SEARCH_UNKNOWN;
}

static double present(const capacity_axis *a, const scenario *sc) {
    double sum = 0;
    for (size_t i = 0; i < group_count(a, sc); i++)
        sum += a->kind == AXIS_SESSIONS ? sessions_at_once(&sc->session_groups[i]) : (double)sc->node_groups[i].count;
    return sum;
}

int64_t axis_guess(const capacity_axis *a, const scenario *sc) {
    if (a->kind == AXIS_PATH) return 0;
    double load = scenario_total(sc).load, now = present(a, sc);
    if (!(load > 0)) return 0;
    double guess = a->kind == AXIS_SESSIONS ? now * USE_GUESSED / load : now * load / USE_GUESSED;
    if (guess < (double)a->low) return a->low;
    return guess > (double)a->high ? a->high : (int64_t)llround(guess);
}

int axis_largest_group(const scenario *sc) {
    int largest = 0;
    for (size_t i = 1; i < sc->node_group_count; i++) {
        const node_group *g = &sc->node_groups[i], *best = &sc->node_groups[largest];
        if (g->count * g->slots > best->count * best->slots) largest = (int)i;
    }
    return sc->node_group_count > 1 ? largest : -1;
}

/* ---- values --------------------------------------------------------------------------------------------------------- */

/* `value` in proportion to the weights. */
static void share_out(const double *weight, size_t count, int64_t value, int64_t *ret_share) {
    double sum = 0, rest[GROUPS_MAX];
    int64_t given = 0;
    for (size_t i = 0; i < count; i++) sum += weight[i];
    for (size_t i = 0; i < count; i++) {
        double exact = (double)value * weight[i] / sum;
        ret_share[i] = exact < 1 ? 1 : (int64_t)exact;
        rest[i] = exact - (double)ret_share[i];
        given += ret_share[i];
    }
    while (given != value) {
        size_t best = 0;
        bool more = given < value;
        for (size_t i = 1; i < count; i++) {
            bool better =
                more ? rest[i] > rest[best] : ret_share[i] > 1 && (ret_share[best] == 1 || rest[i] < rest[best]);
            if (better) best = i;
        }
        ret_share[best] += more ? 1 : -1;
        rest[best] += more ? -1 : 1;
        given += more ? 1 : -1;
    }
}

void axis_nodes(const capacity_axis *a, const scenario *sc, int64_t value, int64_t ret_nodes[GROUPS_MAX]) {
    double weight[GROUPS_MAX];
    for (size_t i = 0; i < sc->node_group_count; i++) weight[i] = (double)(ret_nodes[i] = sc->node_groups[i].count);
    if (a->kind == AXIS_NODES) share_out(weight, sc->node_group_count, value, ret_nodes);
}

static void write_sessions(const scenario *sc, int64_t value, FILE *out) {
    double weight[GROUPS_MAX];
    int64_t share[GROUPS_MAX];
    for (size_t i = 0; i < sc->session_group_count; i++) weight[i] = sessions_at_once(&sc->session_groups[i]);
    share_out(weight, sc->session_group_count, value, share);
    for (size_t i = 0; i < sc->session_group_count; i++) {
        const session_group *g = &sc->session_groups[i];
        if (i) fputc(',', out);
        if (g->concurrent)
            fprintf(out, "sessions.%zu.concurrent=%" PRId64, i, share[i]);
        else
            fprintf(out, "sessions.%zu.rate=%.6f/h", i, g->rate_given * 3600 * (double)share[i] / weight[i]);
    }
}

static void write_nodes(const capacity_axis *a, const scenario *sc, int64_t value, FILE *out) {
    int64_t nodes[GROUPS_MAX];
    axis_nodes(a, sc, value, nodes);
    for (size_t i = 0; i < sc->node_group_count; i++)
        fprintf(out, "%snodes.%zu.count=%" PRId64, i ? "," : "", i, nodes[i]);
}

void axis_write(const capacity_axis *a, const scenario *sc, int64_t value, int lost, FILE *out) {
    if (a->kind == AXIS_SESSIONS)
        write_sessions(sc, value, out);
    else if (a->kind == AXIS_NODES)
        write_nodes(a, sc, value, out);
    else
        fprintf(out, "%s=%" PRId64, a->path, value);
    if (lost >= 0) fprintf(out, "," GONE, lost, lost);
}
