/* soon.h - what happens behind the present handler, in the order in which it was asked for.
 *
 * Memory answers at once, Redis later. Whoever may be answered by either is told later in both cases, so that a callback never runs
 * from inside the call that asked, and there is one flow for both.
 *
 * Ownership  The queue owns its entries; those that have not run when it is freed are dropped.
 * Bounds     None of its own: whoever adds waits for the answer, so there are no more entries than questions.
 * Cost       One timer for all that is added in one handler. */
#ifndef CORE_BASE_SOON_H
#define CORE_BASE_SOON_H

#include "core/base/clock.h"

#include <stddef.h>

typedef struct soon soon;

soon *soon_new(clock_source clock, timer_source timers);
/* Takes NULL, returns NULL. */
soon *soon_free(soon *q);
/* `size` zeroed bytes, to be filled now: `run` gets them later, and they are freed behind it. What `run` adds comes in a later turn
 * of the loop. */
void *soon_add(soon *q, void (*run)(void *entry), size_t size);

#endif
