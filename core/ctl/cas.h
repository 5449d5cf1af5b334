/* cas.h - a change that happens only if nothing that was read before has changed since: WATCH, reads, then all calls in one
 * MULTI.
 *
 * What is put under WATCH on a connection stays so until the next cas_run() or cas_forget() of it. */
#ifndef CORE_CTL_CAS_H
#define CORE_CTL_CAS_H

#include <stddef.h>

#include "core/view/asker.h"

typedef enum cas_result {
    CAS_DONE,
    CAS_CHANGED, /* something has changed since; nothing was done */
    CAS_REFUSED, /* the server or a script refused; `why` says it. Nothing else was done but calls beside it */
} cas_result;

enum { CAS_WHY_MAX = 160 };

/* Scripts may be among the calls; an answer whose first word is no OK, ABSENT or READY is a refusal. */
cas_result cas_run(asker *ask, const redis_call *calls, size_t count, char why[CAS_WHY_MAX]);
void cas_forget(asker *ask);

#endif
