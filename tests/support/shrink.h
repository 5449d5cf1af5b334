/* shrink.h - the smallest part of a failing history that still fails, so that people can read it.
 *
 * A history is an array of operations that a seed made; which of them matter is found by leaving out ever smaller runs of them
 * and asking again (delta debugging, Zeller and Hildebrandt 2002). Operations should mean something wherever they stand: gaps
 * instead of instants, "the third that is open" instead of an id. What they never do is move or change.
 *
 * Determinism  Asks in a fixed order.
 * Cost         About log(count) questions for each operation that matters, count^2 at worst. */
#ifndef TESTS_SUPPORT_SHRINK_H
#define TESTS_SUPPORT_SHRINK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the history fails. It plays from the beginning each time and keeps nothing. */
typedef bool shrink_fails(const void *ops, size_t count, void *ctx);

/* fails(ops, count, ctx), where an abort() is a failure too, as that of an assert(); what it had allocated is lost then. */
bool shrink_ask(const void *ops, size_t count, shrink_fails *fails, void *ctx);

/* `ops` are `count` operations of `size` bytes each, which fail as shrink_ask() sees it. Leaves at their front those that are needed, in order, and
 * returns their number: without any one of them the history passes. */
size_t shrink_history(void *ops, size_t count, size_t size, shrink_fails *fails, void *ctx);

#endif
