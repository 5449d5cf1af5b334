/* api_alarms.c - one table: name, severity, and a function that says whether it holds and with which figures.
 *
 * Shares need a few cases before they mean anything, and an alarm stays for a few seconds behind its rule, so that what swings around a
 * limit is one alarm and not many. */
#include "core/daemon/api_alarms.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/mem.h"

enum { TEXT_MAX = 160, CASES = 5 };

static const usec_t rest = 10 * USEC_PER_SEC;
static const double lag_limit_ms = 50;

/* What rules see. */
typedef struct sight {
    const metrics_now *now;
    const metrics_figures *figures;
    const history *h;
    const survey *found; /* NULL: not known */
    char *text;
} sight;

__attribute__((format(printf, 2, 3))) static bool say(const sight *s, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(s->text, TEXT_MAX, format, args);
    va_end(args);
    return true;
}

static double share(int64_t part, int64_t all) {
    return all > 0 ? (double)part / (double)all : 0;
}

/* ---- rules ---------------------------------------------------------------------------------------------------------- */

static bool redis_down(const sight *s) {
    return s->now->scheduler.redis_down && say(s, "Redis does not answer: new requests are refused until it does");
}

static bool not_ready(const sight *s) {
    if (s->now->ready || s->now->draining || s->now->scheduler.redis_down) return false;
    return say(s, "this instance takes no work");
}

static bool no_ready_node(const sight *s) {
    if (!s->found || s->found->ready + s->found->degraded > 0) return false;
    if (s->found->nodes == 0) return say(s, "no node is registered at any instance");
    return say(s, "none of %" PRId64 " registered nodes is ready", s->found->nodes);
}

static bool refused_more_than(const sight *s, double limit) {
    const metrics_figures *f = s->figures;
    double part = share(f->refused, f->refused + f->created);
    if (f->refused < CASES || part <= limit) return false;
    return say(s, "%.1f %% of the requests of the last minute were refused (%" PRId64 " of %" PRId64 ")", 100 * part,
               f->refused, f->refused + f->created);
}

static bool refusals_many(const sight *s) {
    return refused_more_than(s, 0.10);
}

static bool refusals(const sight *s) {
    return !refusals_many(s) && refused_more_than(s, 0.01);
}

static bool failures(const sight *s) {
    const metrics_figures *f = s->figures;
    int64_t bad = f->failed + f->timed_out, all = bad + f->ok + f->no_text + f->cancelled;
    if (bad < CASES || share(bad, all) <= 0.05) return false;
    return say(s, "%.1f %% of the jobs of the last minute failed or timed out (%" PRId64 " of %" PRId64 ")",
               100 * share(bad, all), bad, all);
}

static bool waiting_grows(const sight *s) {
    double now, before;
    if (!history_waiting(s->h, &now, &before) || now < before + 10 || now < 1.2 * before) return false;
    return say(s, "%.0f jobs wait for room at a node; a minute ago it was %.0f", now, before);
}

static bool slots_short(const sight *s) {
    if (!s->found || s->found->slots == 0 || share(s->found->load, s->found->slots) < 0.9) return false;
    return say(s, "%" PRId64 " of %" PRId64 " slots of all nodes are taken", s->found->load, s->found->slots);
}

static bool nodes_unready(const sight *s) {
    const survey *f = s->found;
    if (!f || f->ready + f->degraded == 0 || f->nodes - f->ready < CASES || share(f->ready, f->nodes) >= 0.8)
        return false;
    return say(s, "%" PRId64 " of %" PRId64 " nodes are not ready", f->nodes - f->ready, f->nodes);
}

static bool instance_lost(const sight *s) {
    if (!s->found || s->found->lost == 0) return false;
    return say(s, "%" PRId64 " instance%s died, and what %s left is not taken over yet", s->found->lost,
               s->found->lost > 1 ? "s" : "", s->found->lost > 1 ? "they" : "it");
}

static bool dead_letters(const sight *s) {
    if (!s->found || s->found->dead_letters == 0) return false;
    return say(s, "%" PRId64 " dead letter%s: entries that no instance could handle", s->found->dead_letters,
               s->found->dead_letters > 1 ? "s" : "");
}

static bool loop_lag(const sight *s) {
    double p99 = history_lag_p99_ms(s->h);
    return p99 > lag_limit_ms && say(s, "the event loop is late: 1 %% of its timers by up to %.0f ms or more", p99);
}

static bool limit_near(const sight *s) {
    const metrics_now *n = s->now;
    const struct {
        const char *what;
        int64_t value, limit;
    } limits[] = {
        {"connections", n->server.connections, n->limits.connections},
        {"sessions", n->scheduler.sessions, n->limits.sessions},
        {"unfinished jobs", n->scheduler.jobs, n->limits.jobs},
        {"bytes of sound in memory", n->scheduler.audio_bytes, n->limits.audio_bytes},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i].limit > 0 && share(limits[i].value, limits[i].limit) >= 0.9)
            return say(s, "%" PRId64 " of at most %" PRId64 " %s", limits[i].value, limits[i].limit, limits[i].what);
    return false;
}

static bool draining(const sight *s) {
    return s->now->draining && say(s, "this instance is leaving: it takes nothing new");
}

typedef enum severity { CRITICAL, WARNING, NOTICE } severity;
static const char *const severities[] = {"critical", "warning", "notice"};

// clang-format off
/* The worst first. */
#define RULES(X) \
    X(redis_down,    CRITICAL) \
    X(not_ready,     CRITICAL) \
    X(no_ready_node, CRITICAL) \
    X(refusals_many, CRITICAL) \
    X(refusals,      WARNING)  \
    X(failures,      WARNING)  \
    X(waiting_grows, WARNING)  \
    X(slots_short,   WARNING)  \
    X(nodes_unready, WARNING)  \
    X(instance_lost, WARNING)  \
    X(dead_letters,  WARNING)  \
    X(loop_lag,      WARNING)  \
    X(limit_near,    WARNING)  \
    X(draining,      NOTICE)
// clang-format on

#define RULE_ROW(name, severity) {#name, severity, name},
static const struct {
    const char *name;
    severity severity;
    bool (*holds)(const sight *s);
} rules[] = {RULES(RULE_ROW)};
enum { RULES_COUNT = sizeof rules / sizeof *rules };

/* ---- which of them hold --------------------------------------------------------------------------------------------- */

typedef struct alarm_state {
    usec_t since; /* 0: it does not hold */
    usec_t held;  /* when its rule held last */
    char text[TEXT_MAX];
} alarm_state;

struct alarms {
    alarm_state states[RULES_COUNT];
};

alarms *alarms_new(void) {
    return mem_zalloc(1, sizeof(alarms));
}

alarms *alarms_free(alarms *a) {
    free(a);
    return NULL;
}

void alarms_tick(alarms *a, usec_t at, const metrics_now *now, const metrics_figures *figures, const history *h,
                 const survey *found) {
    char text[TEXT_MAX];
    sight s = {.now = now, .figures = figures, .h = h, .found = found, .text = text};
    for (int i = 0; i < RULES_COUNT; i++) {
        alarm_state *state = &a->states[i];
        if (rules[i].holds(&s)) {
            if (!state->since) state->since = at;
            state->held = at;
            snprintf(state->text, sizeof state->text, "%s", text);
        } else if (at - state->held > rest) {
            state->since = 0;
        }
    }
}

json_t *alarms_json(const alarms *a) {
    json_t *list = json_array();
    for (int i = 0; i < RULES_COUNT; i++) {
        const alarm_state *state = &a->states[i];
        if (!state->since) continue;
        json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:I}", "alarm", rules[i].name, "severity",
                                              severities[rules[i].severity], "text", state->text, "since",
                                              (json_int_t)(state->since / USEC_PER_MSEC)));
    }
    return list;
}
