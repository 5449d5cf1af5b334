/* capacity_verdict.c - sentences by rules: the number first, then how sure it is, why it is no more, and what to do with it. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/units.h"
#include "sim/capacity/capacity_words.h"

typedef struct speech {
    char (*sentences)[CAPACITY_SENTENCE_MAX];
    size_t count;
} speech;

static void say(speech *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(speech *s, const char *format, ...) {
    va_list args;
    if (s->count == CAPACITY_SENTENCES_MAX) return;
    va_start(args, format);
    vsnprintf(s->sentences[s->count++], CAPACITY_SENTENCE_MAX, format, args);
    va_end(args);
}

static const char *objectives(const capacity *c, char text[CAPACITY_SENTENCE_MAX]) {
    size_t len = 0;
    *text = '\0';
    for (size_t i = 0; i < c->sc->slo_count && len < CAPACITY_SENTENCE_MAX; i++)
        len += (size_t)snprintf(text + len, CAPACITY_SENTENCE_MAX - len, "%s%s", i ? ", " : "", c->sc->slos[i].text);
    return text;
}

static void say_outside(const capacity *c, speech *s) {
    char missed[CAPACITY_SENTENCE_MAX];
    bool holds = c->all.end == SEARCH_EVERYWHERE;
    if (c->all.sense == SEARCH_UNKNOWN)
        say(s, "The objectives are %s at both ends of %s=%" PRId64 "..%" PRId64 ": it is not what they depend on.",
            holds ? "met" : "missed", c->axis->path, c->axis->low, c->axis->high);
    else if (holds)
        say(s,
            "%s %.0f, the end of the range, meets the objectives still: the answer lies outside of %" PRId64
            "..%" PRId64 ".",
            capacity_unit(c, CAPACITY_UNIT_CAPITAL), c->all.value, c->axis->low, c->axis->high);
    else
        say(s,
            "%s %.0f, the end of the range, misses the objectives already: the answer lies outside of %" PRId64
            "..%" PRId64 ".",
            capacity_unit(c, CAPACITY_UNIT_CAPITAL), c->all.value, c->axis->low, c->axis->high);
    if (!holds && *capacity_missed(c, missed)) say(s, "Missed there: %s.", missed);
}

static void say_number(const capacity *c, speech *s) {
    const capacity_answer *a = &c->all;
    char range[CAPACITY_TEXT_MAX];
    int64_t n = capacity_answer_number(a);
    if (c->axis->kind == AXIS_SESSIONS)
        say(s, "It carries %" PRId64 " sessions at once (%s).", n, capacity_interval_text(a, range));
    else if (c->axis->kind == AXIS_NODES)
        say(s, "It takes %" PRId64 " nodes (%s).", n, capacity_interval_text(a, range));
    else
        say(s, "The %s %s that meets the objectives is %" PRId64 " (%s).",
            a->sense == SEARCH_LEAST ? "least" : "greatest", c->axis->path, n, capacity_interval_text(a, range));
}

static void say_why(const capacity *c, speech *s) {
    char missed[CAPACITY_SENTENCE_MAX];
    binding b = capacity_binds(c);
    if (b.kind == BINDS_NOTHING)
        say(s,
            "Nothing is busy where the objectives begin to be missed, the busiest part %.0f %% of its time: the choice "
            "of nodes, rare pairs or a fault decide, or the objectives ask for less time than an idle system takes.",
            100 * b.use);
    else
        say(s, "What binds: %s, %.0f %% busy where the objectives begin to be missed.", b.name, 100 * b.use);
    if (*capacity_missed(c, missed)) say(s, "Missed first: %s.", missed);
}

/* The reason that most of the first failures give most often. */
static void say_refusals(const capacity *c, speech *s) {
    for (size_t i = 0; i < c->run_count; i++) {
        const capacity_run *r = &c->runs[i];
        if (r->lost || r->seed != c->first_seed || r->value != c->all.seed[0].bad || !*r->refused_by) continue;
        say(s, "Refused there: %.2f %% of the requests, most often %s.", r->figure[CAPACITY_REFUSED], r->refused_by);
        return;
    }
}

static void say_knee(const capacity *c, speech *s) {
    double knee = capacity_knee(c);
    if (isnan(knee)) return;
    say(s,
        "The knee, where the p95 of end to end is half as long again as at the lightest load that was tried, is at "
        "%.0f: %.0f %% of "
        "the answer.",
        knee, 100 * knee / c->all.value);
}

static void say_headroom(const capacity *c, speech *s) {
    char range[CAPACITY_TEXT_MAX];
    if (c->sc->node_group_count < 2) {
        say(s,
            "There is one group of nodes: what the loss of a part costs is told when racks are groups of their own.");
        return;
    }
    if (c->lost_group < 0) return;
    const char *name = c->sc->node_groups[c->lost_group].name;
    if (c->less.end != SEARCH_FOUND) {
        say(s, "With the largest group, %s, lost: %s.", name,
            c->less.end == SEARCH_NOWHERE ? "the objectives are missed over the whole range"
                                          : "the objectives are met over the whole range");
        return;
    }
    say(s, "With the largest group, %s, lost: %" PRId64 " (%s), %.0f %% of what it is with all.", name,
        capacity_answer_number(&c->less), capacity_interval_text(&c->less, range), 100 * c->less.value / c->all.value);
    if (c->axis->kind == AXIS_SESSIONS)
        say(s, "Who wants to survive that loss without missing an objective fills it to %.0f %% at most.",
            100 * fmin(c->less.low / c->all.value, 1));
}

static void say_cost(const capacity *c, speech *s) {
    int64_t n = capacity_answer_number(&c->all);
    double cost = capacity_cost(c, n);
    if (!(cost > 0)) return;
    if (c->axis->kind == AXIS_SESSIONS)
        say(s, "Cost: %.2f per hour, %.4f per session and hour at the answer.", cost, cost / (double)n);
    else
        say(s, "Cost: %.2f per hour at the answer.", cost);
}

static void say_law(const capacity *c, speech *s) {
    usl_fit f;
    char text[CAPACITY_SENTENCE_MAX];
    if (capacity_usl(c, &f)) say(s, "%s", usl_sentence(&f, text));
}

size_t capacity_verdict(const capacity *c, char sentences[CAPACITY_SENTENCES_MAX][CAPACITY_SENTENCE_MAX]) {
    speech s = {sentences, 0};
    char text[CAPACITY_SENTENCE_MAX], length[UNITS_TEXT_MAX];
    if (!c->complete) {
        say(&s, "Not answered: the search was interrupted, or runs gave no result.");
        return s.count;
    }
    if (c->all.end != SEARCH_FOUND) {
        say_outside(c, &s);
        return s.count;
    }
    say_number(c, &s);
    say(&s,
        "Objectives: %s. A value is met when no run misses one of them, nor breaks a promise, with that seed; %zu "
        "seed%s from "
        "%" PRId64 ", each searched for its own crossing in runs of %s.",
        objectives(c, text), c->seeds, c->seeds == 1 ? "" : "s", c->first_seed,
        units_format_duration(length, c->sc->duration));
    say_why(c, &s);
    say_refusals(c, &s);
    say_headroom(c, &s);
    say_cost(c, &s);
    say_knee(c, &s);
    say_law(c, &s);
    return s.count;
}
