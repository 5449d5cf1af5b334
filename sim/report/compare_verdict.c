/* compare_verdict.c - the verdict in words, made by rules and not by hand.
 *
 * Two columns differ in a figure when the 95 % interval of their differences, taken seed by seed, does not hold 0 and the
 * difference is not too small to matter; of a single run only a difference that is large is told. The best ones are the column
 * with the best mean and those close by that do not differ from it; the same for the worst. Who varies so much that
 * nothing can be said is not named. When best and worst do not differ, nothing is
 * said but that. What should never happen is told by name and count, or that it did not happen. */
#include "sim/report/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

static const double matters = 0.02;        /* smaller differences are told as none */
static const double matters_in_one = 0.05; /* the same when there is one run of each */
static const double close_by = 0.1;        /* who shares a place is at most so far away */

typedef struct sentence {
    char *text;
    size_t len;
    double weight; /* how telling it is */
} sentence;

enum { MISSING_WEIGHT = 1000, LOSS_WEIGHT = 100, MISHAP_WEIGHT = 1 };
enum { ENTRIES_THAT_MATTER = 10 }; /* of one run; fewer are on their way */

static void say(sentence *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(sentence *s, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(s->text + s->len, COMPARE_SENTENCE_MAX - s->len, format, args);
    va_end(args);
    size_t room = COMPARE_SENTENCE_MAX - 1 - s->len;
    s->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room;
}

/* ---- figures -------------------------------------------------------------------------------------------------------- */

typedef struct topic {
    compare_figure figure;
    const char *what, *best, *worst; /* "Answers (p95)", "soonest with", "latest with" */
    const char *unit;                /* behind numbers */
    double least;                    /* smaller differences do not matter, whatever their share */
} topic;

// clang-format off
static const topic topics[] = {
    {COMPARE_E2E_P95,       "Answers, p95",              "soonest with",    "latest with",    " ms", 5},
    {COMPARE_PLACEMENT_P99, "A node is found, p99",      "soonest by",      "latest by",      " ms", 0.1},
    {COMPARE_WAIT_P99,      "Waiting for a slot, p99",   "shortest with",   "longest with",   " ms", 5},
    {COMPARE_DECISIONS,     "Decisions per second at saturation", "most by", "fewest by",     "", 1},
    {COMPARE_COMMANDS,      "Redis commands per job",    "fewest with",     "most with",      "", 0.1},
    {COMPARE_CPU_USEC,      "Scheduler CPU per job",     "least with",      "most with",      " us", 1},
    {COMPARE_REDIS_DATA_PER_JOB, "Redis memory per job", "least with", "most with",           " B", 10},
    {COMPARE_HERD,          "Share of the jobs between two heartbeats that one node gets", "smallest with", "greatest with", " %", 0.5},
};
// clang-format on
enum { TOPICS = sizeof topics / sizeof *topics };

/* ---- counts -------------------------------------------------------------------------------------------------------- */

/* Whole numbers over all runs: a mean of lost jobs would read as if a third of one could be lost. */
static double total(const compare *c, size_t column, compare_figure f) {
    interval i = compare_interval(c, column, f);
    return i.n ? i.mean * (double)i.n : 0;
}

static bool happened(const compare *c, compare_figure f) {
    for (size_t i = 0; i < c->columns; i++) {
        if (total(c, i, f) > 0.5) return true;
    }
    return false;
}

/* ---- who differs ---------------------------------------------------------------------------------------------------- */

static bool differ(const compare *c, size_t a, size_t b, const topic *t) {
    compare_figure f = t->figure;
    double x = compare_interval(c, a, f).mean, y = compare_interval(c, b, f).mean;
    double larger = fabs(x) > fabs(y) ? fabs(x) : fabs(y);
    double least = c->runs > 1 ? matters : matters_in_one;
    if (!(fabs(x - y) > least * larger && fabs(x - y) >= t->least)) return false;
    if (c->runs == 1) return true;
    interval d = compare_difference(c, a, b, f);
    return interval_excludes_zero(&d);
}

/* Whether `i` shares the place of `first`: nothing tells them apart, and their means are close. */
static bool shares(const compare *c, size_t i, size_t first, const topic *t) {
    double x = compare_interval(c, i, t->figure).mean, y = compare_interval(c, first, t->figure).mean;
    return i == first || (!differ(c, i, first, t) && fabs(x - y) <= fmax(t->least, close_by * fabs(y)));
}

typedef struct ranking {
    size_t best, worst;
    bool known, same;
    bool good[COMPARE_COLUMNS_MAX], bad[COMPARE_COLUMNS_MAX];
} ranking;

static ranking rank(const compare *c, const topic *t) {
    compare_figure f = t->figure;
    ranking r = {0};
    bool low = compare_rows[f].wish == WISH_LOW;
    for (size_t i = 0; i < c->columns; i++) {
        interval v = compare_interval(c, i, f);
        if (!v.n) continue;
        if (!r.known) r.best = r.worst = i;
        r.known = true;
        double best = compare_interval(c, r.best, f).mean, worst = compare_interval(c, r.worst, f).mean;
        if (low ? v.mean < best : v.mean > best) r.best = i;
        if (low ? v.mean > worst : v.mean < worst) r.worst = i;
    }
    r.same = !r.known || r.best == r.worst || !differ(c, r.best, r.worst, t);
    for (size_t i = 0; i < c->columns && !r.same; i++) {
        if (!compare_interval(c, i, f).n) continue;
        r.good[i] = shares(c, i, r.best, t);
        r.bad[i] = !r.good[i] && shares(c, i, r.worst, t);
    }
    return r;
}

/* "phase-0, phase-1 and phase-3" */
static void say_names(sentence *s, const compare *c, const bool chosen[COMPARE_COLUMNS_MAX]) {
    size_t count = 0, told = 0;
    for (size_t i = 0; i < c->columns; i++) count += chosen[i];
    for (size_t i = 0; i < c->columns; i++) {
        if (!chosen[i]) continue;
        say(s, "%s%s", told == 0 ? "" : told + 1 == count ? " and " : ", ", c->column[i].name);
        told++;
    }
}

static void say_value(sentence *s, const compare *c, size_t column, const topic *t) {
    char text[COMPARE_TEXT_MAX];
    say(s, " (%s%s", compare_text(c, column, t->figure, text), t->unit);
    if (t->figure == COMPARE_DECISIONS) say(s, ", %s binds", compare_binds(c, column, text));
    say(s, ")");
}

/* "3.1 times"; left out when it would say nothing, as of next to nothing. */
static void say_ratio(sentence *s, const compare *c, const ranking *r, const topic *t) {
    double best = compare_interval(c, r->best, t->figure).mean, worst = compare_interval(c, r->worst, t->figure).mean;
    double small = fmin(best, worst), ratio = fmax(best, worst) / small;
    if (small >= t->least && ratio >= 1.5) say(s, ratio < 10 ? ": %.1f times" : ": %.0f times", ratio);
}

/* The same over all columns: from the least to the greatest mean. */
static void say_same(sentence *s, const compare *c, const topic *t) {
    double least = NAN, most = NAN;
    int decimals = compare_rows[t->figure].decimals;
    for (size_t i = 0; i < c->columns; i++) {
        double mean = compare_interval(c, i, t->figure).mean;
        least = fmin(least, mean);
        most = fmax(most, mean);
    }
    say(s, "%s: no difference", t->what);
    if (most - least < pow(10, -decimals))
        say(s, " (%.*f%s).", decimals, most, t->unit);
    else
        say(s, " beyond chance (%.*f to %.*f%s).", decimals, least, decimals, most, t->unit);
}

/* What was never answered is in no latency. */
static const char *reservation_of(const compare *c, const topic *t) {
    return t->figure == COMPARE_E2E_P95 && happened(c, COMPARE_LOST) ? ", without what was lost" : "";
}

/* Nothing when nothing is known. */
static void say_topic(sentence *s, const compare *c, const topic *t) {
    ranking r = rank(c, t);
    if (r.known && r.same) say_same(s, c, t);
    if (r.same) return;
    say(s, "%s%s: %s ", t->what, reservation_of(c, t), t->best);
    say_names(s, c, r.good);
    say_value(s, c, r.best, t);
    say(s, ", %s ", t->worst);
    say_names(s, c, r.bad);
    say_value(s, c, r.worst, t);
    say_ratio(s, c, &r, t);
    s->weight = (double)(TOPICS - (t - topics));
    say(s, ".");
}

/* ---- what should not happen ----------------------------------------------------------------------------------------- */

static const struct {
    compare_figure figure;
    const char *what;
} mishaps[] = {
    {COMPARE_LOST, "lost"},           {COMPARE_DOUBLED, "answered twice"},
    {COMPARE_REFUSED, "refused"},     {COMPARE_FAILED, "failed"},
    {COMPARE_TIMED_OUT, "timed out"}, {COMPARE_OVER_COMMITS, "granted beyond a limit"},
    {COMPARE_TWICE, "made twice"},    {COMPARE_STATES_DISAGREE, "left with another state in Redis"},
};
enum { MISHAPS = sizeof mishaps / sizeof *mishaps };

static void say_mishap(sentence *s, const compare *c, compare_figure f, const char *what) {
    bool first = true, everywhere = true;
    say(s, "%c%s: ", what[0] - 'a' + 'A', what + 1);
    for (size_t i = 0; i < c->columns; i++) {
        double n = total(c, i, f), all = total(c, i, COMPARE_SUBMITTED);
        everywhere &= n > 0.5;
        if (n < 0.5) continue;
        say(s, "%s%.0f of %.0f with %s", first ? "" : ", ", n, all, c->column[i].name);
        first = false;
    }
    say(s, everywhere ? "." : ", none elsewhere.");
}

/* "Nothing was lost, answered twice, or refused." Not of columns of which nothing is known. */
static void say_good_news(sentence *s, const compare *c) {
    size_t count = 0, told = 0;
    for (size_t i = 0; i < c->columns; i++)
        if (!c->column[i].ended) return;
    for (size_t i = 0; i < MISHAPS; i++) count += !happened(c, mishaps[i].figure);
    if (!count) return;
    say(s, "Nothing was ");
    for (size_t i = 0; i < MISHAPS; i++) {
        if (happened(c, mishaps[i].figure)) continue;
        say(s, "%s%s", told == 0 ? "" : told + 1 == count ? " or " : ", ", mishaps[i].what);
        told++;
    }
    say(s, " in any column.");
}

/* "17 with dual (none of them)" */
static void say_counts(sentence *s, const compare *c, compare_figure all, compare_figure part, const char *of_these) {
    bool first = true;
    for (size_t i = 0; i < c->columns; i++) {
        double n = total(c, i, all), some = total(c, i, part);
        if (n < 0.5) continue;
        say(s, "%s%.0f with %s (", first ? "" : ", ", n, c->column[i].name);
        if (some < 0.5)
            say(s, "none");
        else
            say(s, "%.0f", some);
        say(s, "%s)", first ? of_these : "");
        first = false;
    }
    say(s, ".");
}

static void say_caught(sentence *s, const compare *c) {
    if (!happened(c, COMPARE_CAUGHT)) return;
    say(s, "Under way when their instance ended: ");
    say_counts(s, c, COMPARE_CAUGHT, COMPARE_CAUGHT_ANSWERED, " answered well in the end");
}

static void say_elsewhere(sentence *s, const compare *c) {
    if (!happened(c, COMPARE_ELSEWHERE)) return;
    say(s, "Asked about at an instance that does not follow the job: ");
    say_counts(s, c, COMPARE_ELSEWHERE, COMPARE_ELSEWHERE_UNKNOWN, " in vain");
}

/* "Left in inboxes: 12 entries with a, 3 with b." Some are on their way at any moment. */
static void say_left(sentence *s, const compare *c) {
    bool much = false, first = true;
    for (size_t i = 0; i < c->columns; i++)
        much |= total(c, i, COMPARE_INBOX_ENTRIES) >= ENTRIES_THAT_MATTER * (double)c->runs;
    if (!much && !happened(c, COMPARE_DEAD_LETTERS)) return;
    say(s, "Left in inboxes: ");
    for (size_t i = 0; i < c->columns; i++) {
        double left = total(c, i, COMPARE_INBOX_ENTRIES), dead = total(c, i, COMPARE_DEAD_LETTERS);
        say(s, "%s%.0f%s with %s", first ? "" : ", ", left, first ? " entries" : "", c->column[i].name);
        if (dead > 0.5) say(s, " (and %.0f dead letters)", dead);
        first = false;
    }
    say(s, ".");
}

static void say_promises(sentence *s, const compare *c) {
    for (size_t i = 0; i < c->columns; i++) {
        const compare_column *col = &c->column[i];
        if (col->kept == col->ended) continue;
        say(s, "%s%s broke promises in %" PRId64 " of %" PRId64 " runs (%s)", s->len ? "; " : "", col->name,
            col->ended - col->kept, col->ended, col->broken);
    }
    if (s->len) say(s, ".");
}

static void say_missing(sentence *s, const compare *c) {
    for (size_t i = 0; i < c->columns; i++) {
        const compare_column *col = &c->column[i];
        if (col->ended == c->runs) continue;
        say(s, "%s%s has results of %" PRId64 " of %" PRId64 " runs only", s->len ? "; " : "", col->name, col->ended,
            c->runs);
    }
    if (s->len) say(s, ".");
}

/* ---- all of it ------------------------------------------------------------------------------------------------------ */

typedef struct verdict {
    char (*text)[COMPARE_SENTENCE_MAX];
    size_t count, heaviest;
    double weight; /* of that one */
} verdict;

static sentence begin(const verdict *v) {
    v->text[v->count][0] = '\0';
    return (sentence){.text = v->text[v->count]};
}

static void end(verdict *v, const sentence *s) {
    if (!s->len) return;
    if (s->weight > v->weight) {
        v->heaviest = v->count;
        v->weight = s->weight;
    }
    v->count++;
}

static void tell_figures(verdict *v, const compare *c) {
    for (size_t i = 0; i < TOPICS && c->columns > 1; i++) {
        sentence s = begin(v);
        say_topic(&s, c, &topics[i]);
        end(v, &s);
    }
}

static void tell_mishaps(verdict *v, const compare *c) {
    for (size_t i = 0; i < MISHAPS; i++) {
        if (!happened(c, mishaps[i].figure)) continue;
        sentence s = begin(v);
        say_mishap(&s, c, mishaps[i].figure, mishaps[i].what);
        bool loss = mishaps[i].figure == COMPARE_LOST || mishaps[i].figure == COMPARE_DOUBLED;
        s.weight = loss ? LOSS_WEIGHT : MISHAP_WEIGHT;
        end(v, &s);
    }
}

static void tell(verdict *v, const compare *c, void (*say_it)(sentence *, const compare *), double weight) {
    sentence s = begin(v);
    say_it(&s, c);
    s.weight = weight;
    end(v, &s);
}

static void heaviest_first(verdict *v) {
    char first[COMPARE_SENTENCE_MAX];
    memcpy(first, v->text[v->heaviest], sizeof first);
    memmove(v->text[1], v->text[0], v->heaviest * sizeof *v->text);
    memcpy(v->text[0], first, sizeof first);
}

size_t compare_verdict(const compare *c, char ret_sentences[COMPARE_SENTENCES_MAX][COMPARE_SENTENCE_MAX]) {
    verdict v = {.text = ret_sentences};
    tell(&v, c, say_missing, MISSING_WEIGHT);
    tell_figures(&v, c);
    tell_mishaps(&v, c);
    tell(&v, c, say_caught, MISHAP_WEIGHT);
    tell(&v, c, say_elsewhere, 0);
    tell(&v, c, say_left, MISHAP_WEIGHT);
    tell(&v, c, say_good_news, 0);
    tell(&v, c, say_promises, 0);
    if (v.count) heaviest_first(&v);
    return v.count;
}
