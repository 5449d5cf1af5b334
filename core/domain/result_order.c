/* result_order.c - places in one array, sorted by utterance; the first of them is the next to be told.
 *
 * Why an array that is shifted: a speaker has a handful of utterances under way, and a few words moved cost less than a list's
 * or a heap's bookkeeping. It starts small and grows up to its bound, because most sessions never need more.
 *
 * Invariant: utterances ascend strictly; arrived_at is USEC_NEVER for those whose result has not come. */
#include "core/domain/result_order.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { PLACES_AT_FIRST = 4 };

typedef struct place {
    uint64_t utterance;
    void *result;
    usec_t arrived_at;
} place;

/* Most sessions have nothing to remember, so there is none at first. */
typedef struct remembered {
    uint64_t count;
    uint64_t at[]; /* the last open_max of them, a ring */
} remembered;

struct result_order {
    place *places;
    remembered *settled;
    int count, room, open_max;
    bool passed_any;
    uint64_t passed; /* the last one that was told or given up */
};

static bool has_arrived(const place *p) {
    return p->arrived_at != USEC_NEVER;
}

result_order *result_order_new(int open_max) {
    assert(open_max > 0);
    result_order *o = mem_zalloc(1, sizeof *o);
    o->open_max = open_max;
    return o;
}

result_order *result_order_free(result_order *o, void (*drop)(void *result)) {
    if (!o) return NULL;
    for (int i = 0; drop && i < o->count; i++)
        if (has_arrived(&o->places[i])) drop(o->places[i].result);
    free(o->places);
    free(o->settled);
    free(o);
    return NULL;
}

/* Where `utterance` is or belongs. Most are the newest: the search begins there. */
static int place_of(const result_order *o, uint64_t utterance) {
    if (o->count == 0 || o->places[o->count - 1].utterance < utterance) return o->count;
    int low = 0, high = o->count - 1;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (o->places[middle].utterance < utterance)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* NULL when it is not expected. */
static place *find(const result_order *o, uint64_t utterance) {
    int at = place_of(o, utterance);
    return at < o->count && o->places[at].utterance == utterance ? &o->places[at] : NULL;
}

static void remove_at(result_order *o, int at) {
    o->count--;
    memmove(&o->places[at], &o->places[at + 1], (size_t)(o->count - at) * sizeof *o->places);
}

static void pass(result_order *o, uint64_t utterance) {
    if (!o->passed_any || utterance > o->passed) o->passed = utterance;
    o->passed_any = true;
}

sched_status result_order_expect(result_order *o, uint64_t utterance, sched_error *err) {
    if (o->passed_any && utterance <= o->passed)
        return sched_fail(err, SCHED_EINVAL, "utterance %" PRIu64 ": results are told up to %" PRIu64 " already",
                          utterance, o->passed);
    if (find(o, utterance))
        return sched_fail(err, SCHED_EINVAL, "utterance %" PRIu64 " is expected already", utterance);
    if (o->count == o->open_max)
        return sched_fail(err, SCHED_FULL, "utterance %" PRIu64 ": %d others wait for their results already", utterance,
                          o->open_max);
    if (o->count == o->room) {
        o->room = o->room ? 2 * o->room : PLACES_AT_FIRST;
        if (o->room > o->open_max) o->room = o->open_max;
        o->places = mem_realloc(o->places, (size_t)o->room, sizeof *o->places);
    }
    int at = place_of(o, utterance);
    memmove(&o->places[at + 1], &o->places[at], (size_t)(o->count - at) * sizeof *o->places);
    o->places[at] = (place){.utterance = utterance, .arrived_at = USEC_NEVER};
    o->count++;
    return SCHED_OK;
}

/* True when it was expected and has no result; its place is gone then. */
static bool remove_waiting(result_order *o, uint64_t utterance) {
    const place *p = find(o, utterance);
    if (!p || has_arrived(p)) return false;
    remove_at(o, (int)(p - o->places));
    return true;
}

void result_order_withdraw(result_order *o, uint64_t utterance) {
    remove_waiting(o, utterance);
}

void result_order_give_up(result_order *o, uint64_t utterance) {
    if (!remove_waiting(o, utterance)) return;
    pass(o, utterance);
    result_order_remember(o, utterance);
}

void result_order_remember(result_order *o, uint64_t utterance) {
    remembered *r = o->settled;
    if (!r) r = o->settled = mem_zalloc(1, sizeof *r + (size_t)o->open_max * sizeof *r->at);
    r->at[r->count++ % (uint64_t)o->open_max] = utterance;
}

bool result_order_remembers(const result_order *o, uint64_t utterance) {
    const remembered *r = o->settled;
    for (uint64_t i = 0; r && i < r->count && i < (uint64_t)o->open_max; i++)
        if (r->at[i] == utterance) return true;
    return false;
}

bool result_order_arrive(result_order *o, uint64_t utterance, void *result, usec_t now) {
    assert(now < USEC_NEVER);
    place *p = find(o, utterance);
    if (!p || has_arrived(p)) return false;
    p->result = result;
    p->arrived_at = now;
    return true;
}

bool result_order_next(result_order *o, uint64_t *ret_utterance, void **ret_result) {
    if (o->count == 0 || !has_arrived(&o->places[0])) return false;
    *ret_utterance = o->places[0].utterance;
    *ret_result = o->places[0].result;
    pass(o, o->places[0].utterance);
    remove_at(o, 0);
    return true;
}

/* The first place without a result, NULL when there is none; *ret_since is the earliest arrival behind it, USEC_NEVER when
 * nothing has come there. */
static const place *blocker(const result_order *o, usec_t *ret_since) {
    int at = 0;
    while (at < o->count && has_arrived(&o->places[at])) at++;
    usec_t since = USEC_NEVER;
    for (int i = at + 1; i < o->count; i++)
        if (o->places[i].arrived_at < since) since = o->places[i].arrived_at;
    *ret_since = since;
    return at < o->count ? &o->places[at] : NULL;
}

bool result_order_overdue(const result_order *o, usec_t now, usec_t gap, uint64_t *ret_utterance) {
    usec_t since;
    const place *missing = blocker(o, &since);
    if (since == USEC_NEVER || now - since < gap) return false;
    *ret_utterance = missing->utterance;
    return true;
}

usec_t result_order_wake(const result_order *o, usec_t gap) {
    usec_t since;
    blocker(o, &since);
    return since == USEC_NEVER ? USEC_NEVER : since + gap;
}

int result_order_open(const result_order *o) {
    return o->count;
}

bool result_order_awaits(const result_order *o, uint64_t utterance) {
    const place *p = find(o, utterance);
    return p && !has_arrived(p);
}
