/* remote_silence.c - an instance that says nothing is left alone for a while.
 *
 * One that is cut off or stands still has its nodes in Redis until they expire, and since nobody's jobs reach them, they are the least loaded
 * of all. Without this, each job would spend one attempt after the other on them, peer_patience each. So behind the first silence a grant
 * of its nodes is given back at once, and the next candidate is asked. One job at a time finds out whether it speaks again; whatever is
 * heard of it says so, but for FETCH, which only says that it reads its inbox. */
#include "core/scheduler/elsewhere.h"
#include "core/scheduler/remote_flow.h"

#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>

static const usec_t forgotten_after = 60 * USEC_PER_SEC;

struct silence {
    char instance[ID_MAX + 1];
    usec_t until; /* nobody asks it before */
    UT_hash_handle hh;
};

static silence *silence_of(const scheduler *s, const char *instance_id) {
    silence *q;
    HASH_FIND_STR(s->silences, instance_id, q);
    return q;
}

static void forget(scheduler *s, silence *q) {
    HASH_DEL(s->silences, q);
    free(q);
}

/* Whoever came back has another id. */
static void forget_old(scheduler *s, usec_t now) {
    silence *q, *next;
    HASH_ITER (hh, s->silences, q, next)
        if (now - q->until > forgotten_after) forget(s, q);
}

void remote_fell_silent(scheduler *s, const char *instance_id) {
    usec_t now = sched_now(s);
    forget_old(s, now);
    silence *q = silence_of(s, instance_id);
    if (!q) {
        q = mem_zalloc(1, sizeof *q);
        snprintf(q->instance, sizeof q->instance, "%s", instance_id);
        HASH_ADD_STR(s->silences, instance, q);
    }
    q->until = now + s->config.instance.peer_patience;
}

void remote_spoke(scheduler *s, const char *instance_id) {
    silence *q = silence_of(s, instance_id);
    if (q) forget(s, q);
}

bool remote_may_ask(scheduler *s, const char *owner) {
    char instance_id[ID_MAX + 1];
    if (!s->silences) return true;
    elsewhere_instance_of(owner, instance_id);
    silence *q = silence_of(s, instance_id);
    usec_t now = sched_now(s);
    if (!q) return true;
    if (now < q->until) return false;
    q->until = now + 2 * s->config.instance.peer_patience; /* until this one knows */
    return true;
}

void remote_silences_free(scheduler *s) {
    silence *q, *next;
    HASH_ITER (hh, s->silences, q, next) forget(s, q);
}
