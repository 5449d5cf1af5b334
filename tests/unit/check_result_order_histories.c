/* check_result_order_histories.c - random histories of results against a model that is a plain table of utterances.
 *
 * What must hold whatever the model says: told utterances strictly increase, each has its own result, nothing is told that did
 * not arrive, and every result that was taken is told or handed back at the end. A history that fails is shrunk and printed. */
#include "core/domain/result_order.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/base/rng.h"
#include "tests/support/shrink.h"
#include "tests/support/suite.h"

enum { HISTORIES = 20000, OPS_MAX = 120, UTTERANCES = 24, OPEN_MAX_MOST = 9, TEXT_MAX = 4000 };

typedef enum op_kind {
    OP_EXPECT,
    OP_ARRIVE,
    OP_WITHDRAW,
    OP_NEXT,
    OP_WAIT,
    OP_GIVE_UP,
    OP_GIVE_UP_OVERDUE,
    OP_KINDS
} op_kind;

static const char *const op_names[OP_KINDS] =
    {"expect", "arrive", "withdraw", "next", "wait", "give up", "give up what is overdue"};

typedef struct op {
    op_kind kind;
    uint64_t utterance; /* of expect, arrive, withdraw, give up */
    usec_t wait;
} op;

typedef enum fate { UNKNOWN, EXPECTED, ARRIVED, TOLD, WITHDRAWN, GIVEN_UP } fate;

/* The model: the fate of each utterance, and when its result came. */
typedef struct trial {
    int open_max;
    usec_t gap;
    fate fates[UTTERANCES];
    usec_t arrived_at[UTTERANCES];
    usec_t now;
    int played, told, refused, gaps;
    char results[UTTERANCES]; /* the result of utterance n is &results[n] */
    char problem[200];
} trial;

static trial *handing_back; /* whose results result_order_free() hands back */
static int handed_back;

static void take_back(void *result) {
    long n = (char *)result - handing_back->results;
    if (n >= 0 && n < UTTERANCES && handing_back->fates[n] == ARRIVED) handed_back++;
}

static bool trouble(trial *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool trouble(trial *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(t->problem, sizeof t->problem, format, args);
    va_end(args);
    return false;
}

static int count_of(const trial *t, fate wanted) {
    int count = 0;
    for (int u = 0; u < UTTERANCES; u++) count += t->fates[u] == wanted;
    return count;
}

/* The first utterance of that fate from `from` on; UTTERANCES when there is none. */
static int first_of(const trial *t, fate wanted, int from) {
    int u = from;
    while (u < UTTERANCES && t->fates[u] != wanted) u++;
    return u;
}

/* Whether no utterance from `u` on has that fate. */
static bool none_from(const trial *t, uint64_t u, fate unwanted) {
    return first_of(t, unwanted, (int)u) == UTTERANCES;
}

static bool play_expect(trial *t, result_order *o, uint64_t u) {
    bool passed = !none_from(t, u, TOLD) || !none_from(t, u, GIVEN_UP);
    bool valid = !passed && t->fates[u] != EXPECTED && t->fates[u] != ARRIVED;
    bool full = count_of(t, EXPECTED) + count_of(t, ARRIVED) == t->open_max;
    sched_status wanted = !valid ? SCHED_EINVAL : full ? SCHED_FULL : SCHED_OK, got = result_order_expect(o, u, NULL);
    if (got == SCHED_OK) t->fates[u] = EXPECTED;
    if (got == wanted) return true;
    return trouble(t, "expect answers %s, not %s", sched_status_name(got), sched_status_name(wanted));
}

static bool play_arrive(trial *t, result_order *o, uint64_t u) {
    bool wanted = t->fates[u] == EXPECTED, got = result_order_arrive(o, u, &t->results[u], t->now);
    if (got != wanted) return trouble(t, "a result is %s", got ? "taken, though late or doubled" : "refused");
    if (!got) t->refused++;
    if (!got) return true;
    t->fates[u] = ARRIVED;
    t->arrived_at[u] = t->now;
    return true;
}

static bool play_next(trial *t, result_order *o) {
    int first_open = first_of(t, EXPECTED, 0), wanted = first_of(t, ARRIVED, 0);
    uint64_t told = UTTERANCES;
    void *result = NULL;
    bool got = result_order_next(o, &told, &result), blocked = first_open < wanted || wanted == UTTERANCES;
    if (got == blocked) return trouble(t, "%s is told", got ? "what is blocked" : "nothing");
    if (!got) return true;
    if (told != (uint64_t)wanted) return trouble(t, "%" PRIu64 " is told, not %d", told, wanted);
    if (result != &t->results[told]) return trouble(t, "%" PRIu64 " is told with another's result", told);
    if (!none_from(t, told, TOLD)) return trouble(t, "%" PRIu64 " is told behind a later one", told);
    t->fates[told] = TOLD;
    t->told++;
    return true;
}

static void leave(trial *t, result_order *o, uint64_t u, fate how) {
    if (how == GIVEN_UP)
        result_order_give_up(o, u);
    else
        result_order_withdraw(o, u);
    if (t->fates[u] == EXPECTED) t->fates[u] = how;
}

/* overdue() and wake() say what the model says; *ret_missing is UTTERANCES when nothing is overdue. */
static bool check_gap(trial *t, const result_order *o, uint64_t *ret_missing) {
    int missing = first_of(t, EXPECTED, 0);
    usec_t since = USEC_NEVER;
    for (int u = first_of(t, ARRIVED, missing); u < UTTERANCES; u = first_of(t, ARRIVED, u + 1))
        if (t->arrived_at[u] < since) since = t->arrived_at[u];
    usec_t wake = since == USEC_NEVER ? USEC_NEVER : since + t->gap, got_wake = result_order_wake(o, t->gap);
    if (got_wake != wake) return trouble(t, "wake is at %" PRId64 ", not %" PRId64, got_wake, wake);
    *ret_missing = UTTERANCES;
    bool overdue = result_order_overdue(o, t->now, t->gap, ret_missing);
    if (overdue != (wake <= t->now)) return trouble(t, "at %" PRId64 " it is overdue: %d", t->now, overdue);
    if (!overdue || *ret_missing == (uint64_t)missing) return true;
    return trouble(t, "%" PRIu64 " is overdue, not %d", *ret_missing, missing);
}

static bool play_op(trial *t, result_order *o, const op *p) {
    uint64_t missing;
    if (!check_gap(t, o, &missing)) return false;
    switch (p->kind) {
    case OP_EXPECT: return play_expect(t, o, p->utterance);
    case OP_ARRIVE: return play_arrive(t, o, p->utterance);
    case OP_NEXT: return play_next(t, o);
    case OP_WITHDRAW: leave(t, o, p->utterance, WITHDRAWN); break;
    case OP_GIVE_UP: leave(t, o, p->utterance, GIVEN_UP); break;
    case OP_GIVE_UP_OVERDUE:
        if (missing == UTTERANCES) break;
        leave(t, o, missing, GIVEN_UP);
        t->gaps++;
        break;
    default: t->now += p->wait; break;
    }
    int open = count_of(t, EXPECTED) + count_of(t, ARRIVED), got = result_order_open(o);
    return open == got || trouble(t, "%d are open, not %d", got, open);
}

static bool history_fails(const void *ops, size_t count, void *ctx) {
    trial *t = ctx;
    *t = (trial){.open_max = t->open_max, .gap = t->gap, .problem = "an assertion fails"};
    result_order *o = result_order_new(t->open_max);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        t->played = (int)i;
        good = play_op(t, o, (const op *)ops + i);
    }
    handing_back = t;
    handed_back = 0;
    result_order_free(o, take_back);
    if (good && handed_back != count_of(t, ARRIVED))
        good = trouble(t, "%d results are handed back of %d", handed_back, count_of(t, ARRIVED));
    return !good;
}

/* Most numbers are near those in use just then: some are expected, a few steps later their results come. */
static op draw_op(rng *r, int at, int count) {
    op o = {.kind = (op_kind)rng_below(r, OP_KINDS), .utterance = rng_below(r, UTTERANCES)};
    if (rng_chance(r, 0.7)) o.kind = (op_kind[]){OP_EXPECT, OP_ARRIVE, OP_ARRIVE, OP_NEXT}[rng_below(r, 4)];
    uint64_t ahead = o.kind == OP_EXPECT ? 4 : 2, near = (uint64_t)(at * UTTERANCES / count) + rng_below(r, 3) + ahead;
    if (rng_chance(r, 0.9) && near < UTTERANCES) o.utterance = near;
    if (o.kind == OP_WAIT) o.wait = (usec_t)rng_below(r, 8);
    if (o.kind == OP_GIVE_UP && rng_chance(r, 0.7)) o.kind = OP_GIVE_UP_OVERDUE;
    return o;
}

static void shrink_and_abort(uint64_t seed, trial *t, op *ops, size_t count) {
    size_t left = shrink_history(ops, count, sizeof *ops, history_fails, t);
    shrink_ask(ops, left, history_fails, t);
    char text[TEXT_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < left && used < sizeof text; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "  %zu  %s, utterance %" PRIu64 ", wait %" PRId64 "\n", i,
                             op_names[ops[i].kind], ops[i].utterance, ops[i].wait);
    ck_abort_msg("seed %" PRIu64 ", open_max %d, gap %" PRId64 ", shrunk from %zu to %zu: at %d %s\n%s", seed,
                 t->open_max, t->gap, count, left, t->played, t->problem, text);
}

START_TEST(whatever_comes_results_are_told_in_order_and_once) {
    int64_t told = 0, refused = 0, gaps = 0;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        rng r;
        rng_init(&r, seed, "results", 0);
        trial t = {.open_max = 1 + (int)rng_below(&r, OPEN_MAX_MOST), .gap = (usec_t)rng_below(&r, 10)};
        op ops[OPS_MAX];
        int count = 1 + (int)rng_below(&r, OPS_MAX);
        for (int i = 0; i < count; i++) ops[i] = draw_op(&r, i, count);
        if (shrink_ask(ops, (size_t)count, history_fails, &t)) shrink_and_abort(seed, &t, ops, (size_t)count);
        told += t.told;
        refused += t.refused;
        gaps += t.gaps;
    }
    /* The histories go everywhere: else they would prove less than they seem to. */
    ck_assert_int_gt(told, HISTORIES);
    ck_assert_int_gt(refused, HISTORIES);
    ck_assert_int_gt(gaps, HISTORIES / 4);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        whatever_comes_results_are_told_in_order_and_once,
    };
    return SUITE_RUN("result_order_histories", tests);
}
