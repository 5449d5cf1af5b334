/* compare_verdict.c - the verdict in words, made by rules and not by hand.
 *
 * Two columns differ in a figure when the 95 % interval of their differences, taken seed by seed, does not hold 0 and the
 * difference is not too small to matter; of a single run only a difference that is large is told. The best ones are the column
 * with the best mean and all that do not differ from it; the same for the worst. When best and worst do not differ, nothing is
 * said but that. What should never happen is told by name and count, or that it did not happen. */
#include "sim/report/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

static const double matters = 0.02;        /* smaller differences are told as none */
static const double matters_in_one = 0.05; /* the same when there is one run of each */

typedef struct sentence {
    char *text;
    size_t len;
} sentence;

static void say(sentence *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(sentence *s, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(s->text + s->len, COMPARE_SENTENCE_MAX - s->len, format, args);
    va_end(args);
    size_t room = COMPARE_SENTENCE_MAX - 1 - s->len;
    s->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room;
}

/* ---- who differs ---------------------------------------------------------------------------------------------------- */

static bool differ(const compare *c, size_t a, size_t b, compare_figure f) {
    double x = compare_interval(c, a, f).mean, y = compare_interval(c, b, f).mean;
    double larger = fabs(x) > fabs(y) ? fabs(x) : fabs(y);
    double least = c->runs > 1 ? matters : matters_in_one;
    if (!(fabs(x - y) > least * larger)) return false;
    if (c->runs == 1) return true;
    interval d = compare_difference(c, a, b, f);
    return interval_excludes_zero(&d);
}

typedef struct ranking {
    size_t best, worst;
    bool known, same;
    bool good[COMPARE_COLUMNS_MAX], bad[COMPARE_COLUMNS_MAX];
} ranking;

static ranking rank(const compare *c, compare_figure f) {
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
    r.same = !r.known || r.best == r.worst || !differ(c, r.best, r.worst, f);
    for (size_t i = 0; i < c->columns && !r.same; i++) {
        if (!compare_interval(c, i, f).n) continue;
        r.good[i] = i == r.best || !differ(c, i, r.best, f);
        r.bad[i] = !r.good[i] && (i == r.worst || !differ(c, i, r.worst, f));
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

/* ---- figures -------------------------------------------------------------------------------------------------------- */

typedef struct topic {
    compare_figure figure;
    const char *what, *best, *worst; /* "Answers (p95)", "soonest with", "latest with" */
    const char *unit;                /* behind numbers */
} topic;

// clang-format off
static const topic topics[] = {
    {COMPARE_E2E_P95,       "Answers, p95",              "soonest with",    "latest with",    " ms"},
    {COMPARE_PLACEMENT_P99, "A node is found, p99",      "soonest by",      "latest by",      " ms"},
    {COMPARE_WAIT_P99,      "Waiting for a slot, p99",   "shortest with",   "longest with",   " ms"},
    {COMPARE_DECISIONS,     "Decisions per second at saturation", "most by", "fewest by",     ""},
    {COMPARE_COMMANDS,      "Redis commands per job",    "fewest with",     "most with",      ""},
    {COMPARE_CPU_USEC,      "Scheduler CPU per job",     "least with",      "most with",      " us"},
    {COMPARE_HERD,          "Share of the jobs between two heartbeats that one node gets", "smallest with", "greatest with", " %"},
};
// clang-format on
enum { TOPICS = sizeof topics / sizeof *topics };

static void say_value(sentence *s, const compare *c, size_t column, const topic *t) {
    char text[COMPARE_TEXT_MAX];
    say(s, " (%s%s", compare_text(c, column, t->figure, text), t->unit);
    if (t->figure == COMPARE_DECISIONS) say(s, ", %s binds", compare_binds(c, column, text));
    say(s, ")");
}

/* "3.1 times"; left out when it would say nothing. */
static void say_ratio(sentence *s, double better, double worse, compare_wish wish) {
    double ratio = wish == WISH_LOW ? worse / better : better / worse;
    if (!(ratio >= 1.5) || !(ratio < 1e6)) return;
    say(s, ratio < 10 ? ": %.1f times" : ": %.0f times", ratio);
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

/* False when nothing is known. */
static bool say_topic(sentence *s, const compare *c, const topic *t) {
    ranking r = rank(c, t->figure);
    if (!r.known) return false;
    if (r.same) {
        say_same(s, c, t);
        return true;
    }
    say(s, "%s: %s ", t->what, t->best);
    say_names(s, c, r.good);
    say_value(s, c, r.best, t);
    say(s, ", %s ", t->worst);
    say_names(s, c, r.bad);
    say_value(s, c, r.worst, t);
    say_ratio(s, compare_interval(c, r.best, t->figure).mean, compare_interval(c, r.worst, t->figure).mean,
              compare_rows[t->figure].wish);
    say(s, ".");
    return true;
}

/* ---- what should not happen ----------------------------------------------------------------------------------------- */

static const struct {
    compare_figure figure;
    const char *what;
} mishaps[] = {
    {COMPARE_LOST, "lost"},     {COMPARE_DOUBLED, "answered twice"}, {COMPARE_REFUSED, "refused"},
    {COMPARE_FAILED, "failed"}, {COMPARE_TIMED_OUT, "timed out"},    {COMPARE_OVER_COMMITS, "granted beyond a limit"},
};
enum { MISHAPS = sizeof mishaps / sizeof *mishaps };

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

/* "Nothing was lost, answered twice, or refused." */
static void say_good_news(sentence *s, const compare *c) {
    size_t count = 0, told = 0;
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

static sentence next(char sentences[COMPARE_SENTENCES_MAX][COMPARE_SENTENCE_MAX], size_t n) {
    sentences[n][0] = '\0';
    return (sentence){.text = sentences[n]};
}

size_t compare_verdict(const compare *c, char ret_sentences[COMPARE_SENTENCES_MAX][COMPARE_SENTENCE_MAX]) {
    size_t n = 0;
    sentence s = next(ret_sentences, n);
    say_missing(&s, c);
    n += s.len > 0;
    for (size_t i = 0; i < TOPICS && c->columns > 1; i++) {
        s = next(ret_sentences, n);
        n += say_topic(&s, c, &topics[i]);
    }
    for (size_t i = 0; i < MISHAPS; i++) {
        if (!happened(c, mishaps[i].figure)) continue;
        s = next(ret_sentences, n++);
        say_mishap(&s, c, mishaps[i].figure, mishaps[i].what);
    }
    s = next(ret_sentences, n);
    say_good_news(&s, c);
    n += s.len > 0;
    s = next(ret_sentences, n);
    say_promises(&s, c);
    return n + (s.len > 0);
}
