/* jobstore_lease.c - which request has which job, in a table of this process, for a lease from the job's creation.
 *
 * All leases are equally long, so a list in the order of creation is in the order of their ends, and each operation drops what has
 * ended without looking at anything else. A lease that ends before its job does is the price of a table that nobody has to clean: the
 * same request makes a second job then. */
#include "core/base/mem.h"
#include "core/mechanisms/jobstore.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

typedef struct lease {
    char request[REQUEST_ID_MAX + 1], job[ID_MAX + 1];
    usec_t ends;
    struct lease *next, *prev; /* in the order of their ends */
    UT_hash_handle hh;
} lease;

typedef struct leases {
    job_store base;
    job_store *inner;
    lease *by_request, *oldest;
    int64_t count, max;
    usec_t length;
} leases;

static void drop(leases *l, lease *one) {
    DL_DELETE(l->oldest, one);
    HASH_DEL(l->by_request, one);
    free(one);
    l->count--;
}

static const lease *find(leases *l, const char *request) {
    usec_t now = clock_now(&l->base.env.clock);
    lease *one;
    while (l->oldest && l->oldest->ends <= now) drop(l, l->oldest);
    HASH_FIND_STR(l->by_request, request, one);
    return one;
}

static void bind(leases *l, const char *request, const char *job) {
    if (l->count == l->max) drop(l, l->oldest);
    lease *one = mem_zalloc(1, sizeof *one);
    snprintf(one->request, sizeof one->request, "%s", request);
    snprintf(one->job, sizeof one->job, "%s", job);
    one->ends = clock_now(&l->base.env.clock) + l->length;
    HASH_ADD_STR(l->by_request, request, one);
    DL_APPEND(l->oldest, one);
    l->count++;
}

/* Of another job only the id is told, as the scripts do. */
static void reply(leases *l, const lease *one, store_done *done, void *arg) {
    store_answer answer = {
        .status = LINK_OK,
        .word = one ? STORE_EXISTS : STORE_GONE,
        .job = one ? one->job : "",
        .state = JOB_STATES,
    };
    job_store_reply(&l->base, &answer, done, arg);
}

static void ask(job_store *store, const store_question *question, store_done *done, void *arg) {
    leases *l = (leases *)store;
    bool creates = question->op == STORE_CREATE;
    if (!creates && question->op != STORE_FIND) {
        job_store_ask(l->inner, question, done, arg);
        return;
    }
    const lease *one = find(l, question->request);
    work_did(&store->env.work, WORK_STORE, 1);
    if (!creates || (one && strcmp(one->job, question->job) != 0)) {
        reply(l, one, done, arg);
        return;
    }
    if (!one) bind(l, question->request, question->job);
    job_store_ask(l->inner, question, done, arg);
}

static void free_store(job_store *store) {
    leases *l = (leases *)store;
    job_store_free(l->inner);
    while (l->oldest) drop(l, l->oldest);
    free(l);
}

static const store_ops ops = {ask, free_store};

job_store *job_store_lease_new(const mechanism_env *env, job_store *inner, usec_t length, int64_t leases_max) {
    assert(length > 0 && leases_max > 0);
    leases *l = mem_zalloc(1, sizeof *l);
    l->base = (job_store){.ops = &ops, .env = *env};
    l->inner = inner;
    l->length = length;
    l->max = leases_max;
    return &l->base;
}
