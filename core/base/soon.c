/* soon.c - a chain of entries and one timer that is set for now while there are any.
 *
 * Only what stands there when the timer fires is run; what that adds waits for the next turn, so that a chain of answers out of memory
 * does not keep the loop from whatever else has come. */
#include "core/base/soon.h"

#include "core/base/mem.h"

#include <stdalign.h>
#include <stdlib.h>

typedef struct entry {
    struct entry *next;
    void (*run)(void *);
    alignas(max_align_t) unsigned char bytes[];
} entry;

struct soon {
    clock_source clock;
    timer_source timers;
    timer_handle timer;
    entry *first, **end;
};

soon *soon_new(clock_source clock, timer_source timers) {
    soon *q = mem_zalloc(1, sizeof *q);
    q->clock = clock;
    q->timers = timers;
    q->end = &q->first;
    return q;
}

static void drop_all(entry *e) {
    for (entry *next; e; e = next) {
        next = e->next;
        free(e);
    }
}

soon *soon_free(soon *q) {
    if (!q) return NULL;
    q->timers.cancel(q->timers.ctx, q->timer);
    drop_all(q->first);
    free(q);
    return NULL;
}

static void on_timer(void *arg) {
    soon *q = arg;
    entry *e = q->first;
    q->timer = 0;
    q->first = NULL;
    q->end = &q->first;
    for (entry *next; e; e = next) {
        next = e->next;
        e->run(e->bytes);
        free(e);
    }
}

void *soon_add(soon *q, void (*run)(void *entry), size_t size) {
    entry *e = mem_zalloc(1, sizeof *e + size);
    e->run = run;
    *q->end = e;
    q->end = &e->next;
    if (!q->timer) q->timer = q->timers.set(q->timers.ctx, clock_now(&q->clock), on_timer, q);
    return e->bytes;
}
