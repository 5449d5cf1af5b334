/* jobstore.c - what all stores share: answers out of memory, and the end.
 *
 * An answer waits in env.soon, which drops what has not run. Whoever asked must hear of it all the same, so the answers that are still
 * to come stand in a list of their store. */
#include "core/mechanisms/jobstore.h"

#include <stdio.h>
#include <utlist.h>

typedef struct store_reply {
    job_store *store;
    store_answer answer;
    char job[ID_MAX + 1];
    store_done *done;
    void *arg;
    struct store_reply *next, *prev;
} store_reply;

static void tell(void *entry) {
    store_reply *r = entry;
    if (!r->store) return;
    DL_DELETE(r->store->replies, r);
    r->done(r->arg, &r->answer);
}

void job_store_reply(job_store *store, const store_answer *answer, store_done *done, void *arg) {
    store_reply *r = soon_add(store->env.soon, tell, sizeof *r);
    r->store = store;
    r->answer = *answer;
    snprintf(r->job, sizeof r->job, "%s", answer->job);
    r->answer.job = r->job;
    r->done = done;
    r->arg = arg;
    DL_APPEND(store->replies, r);
}

job_store *job_store_free(job_store *store) {
    if (!store) return NULL;
    while (store->replies) {
        store_reply *r = store->replies;
        DL_DELETE(store->replies, r);
        r->store = NULL;
        r->done(r->arg, NULL);
    }
    store->ops->free(store);
    return NULL;
}
