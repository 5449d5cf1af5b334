/* result_order.h - results of one session in one target language, told in the order of the utterances, each once.
 *
 * An utterance is expected from the moment at which it is submitted; its place is held until its result arrives, it is withdrawn
 * (refused: there will be none), or it is given up because those behind it have waited too long. Numbers need not be dense:
 * only what was expected is waited for, so an utterance that never became a job blocks nobody.
 *
 * Ownership  Results are the caller's pointers, NULL too; the order keeps them until it tells them. result_order_free() hands
 *            back what it still has.
 * Bound      open_max places.
 * Cost       O(log open) to find a place, O(open) to insert before others; open is a handful. */
#ifndef CORE_DOMAIN_RESULT_ORDER_H
#define CORE_DOMAIN_RESULT_ORDER_H

#include "core/base/clock.h"
#include "core/base/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct result_order result_order;

/* open_max > 0. */
result_order *result_order_new(int open_max);
/* Calls `drop` (may be NULL) for every result that arrived and was not told. Takes NULL, returns NULL. */
result_order *result_order_free(result_order *o, void (*drop)(void *result));

/* SCHED_EINVAL: it is expected already, or not behind the last one that was told or given up; SCHED_FULL: open_max. */
sched_status result_order_expect(result_order *o, uint64_t utterance, sched_error *err);
/* No result will come. Nothing happens when it is not expected, or has come all the same. */
void result_order_withdraw(result_order *o, uint64_t utterance);
/* False when it is not expected, or has a result already: late or doubled, and the result stays with the caller. */
bool result_order_arrive(result_order *o, uint64_t utterance, void *result, usec_t now);
/* The next result that may be told; false when there is none, or an earlier one is being waited for. */
bool result_order_next(result_order *o, uint64_t *ret_utterance, void **ret_result);
/* The first utterance that is waited for, when a result behind it has waited since `now` - `gap` or longer. */
bool result_order_overdue(const result_order *o, usec_t now, usec_t gap, uint64_t *ret_utterance);
/* Its place goes; what arrives for it later is late. Nothing happens when it is not expected, or has come all the same. */
void result_order_give_up(result_order *o, uint64_t utterance);
/* What was settled out of the order: given up, or told by the caller's own choice. The last open_max are remembered; what is given up
 * is so by itself. */
void result_order_remember(result_order *o, uint64_t utterance);
bool result_order_remembers(const result_order *o, uint64_t utterance);
/* When result_order_overdue() will be true; USEC_NEVER while nothing is blocked. */
usec_t result_order_wake(const result_order *o, usec_t gap);
/* It is expected, and no result has come. */
bool result_order_awaits(const result_order *o, uint64_t utterance);
/* Utterances that are expected and not told. */
int result_order_open(const result_order *o);

#endif
