/* shrink.c - leaves out halves, then quarters, at last single operations, until none of them can be spared.
 *
 * Why the pass over single ones is repeated: when a later operation has gone, an earlier one may be needless too. *
 * Why an abort is caught: the assertions of the code under test find more than its results show, and a history that ends in
 * one deserves to be read as much. A jump out of the signal's handler is allowed, since abort() raises it synchronously. */
#include "tests/support/shrink.h"

#include <assert.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

typedef struct history {
    char *ops, *scratch;
    size_t count, size;
    shrink_fails *fails;
    void *ctx;
} history;

static sigjmp_buf before_abort;

static void jump_back(int signal) {
    (void)signal;
    siglongjmp(before_abort, 1);
}

bool shrink_ask(const void *ops, size_t count, shrink_fails *fails, void *ctx) {
    struct sigaction catching = {.sa_handler = jump_back}, usual;
    sigaction(SIGABRT, &catching, &usual);
    volatile bool failed = true;
    if (sigsetjmp(before_abort, 1) == 0) failed = fails(ops, count, ctx);
    sigaction(SIGABRT, &usual, NULL);
    return failed;
}

/* Leaves out `length` operations from `first` on when the history fails all the same. */
static bool leave_out(history *h, size_t first, size_t length) {
    size_t head = first * h->size, tail = (h->count - first - length) * h->size;
    memcpy(h->scratch, h->ops, head);
    memcpy(h->scratch + head, h->ops + head + length * h->size, tail);
    if (!shrink_ask(h->scratch, h->count - length, h->fails, h->ctx)) return false;
    h->count -= length;
    memcpy(h->ops, h->scratch, h->count * h->size);
    return true;
}

/* One pass over the history in runs of `length`; whether any could be left out. */
static bool leave_out_runs(history *h, size_t length) {
    size_t before = h->count;
    for (size_t first = 0; first < h->count;) {
        size_t here = length < h->count - first ? length : h->count - first;
        if (!leave_out(h, first, here)) first += here;
    }
    return h->count < before;
}

size_t shrink_history(void *ops, size_t count, size_t size, shrink_fails *fails, void *ctx) {
    assert(size > 0 && shrink_ask(ops, count, fails, ctx));
    history h = {.ops = ops, .count = count, .size = size, .fails = fails, .ctx = ctx};
    h.scratch = mem_alloc(count * size + 1);
    for (size_t length = count / 2; length > 1; length /= 2) leave_out_runs(&h, length);
    for (bool again = true; again;) again = leave_out_runs(&h, 1);
    free(h.scratch);
    return h.count;
}
