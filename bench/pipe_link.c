/* pipe_link.c - a ring of callbacks beside the connection's pipeline: answers come in the order of the calls. */
#include "bench/pipe_link.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/mem.h"

typedef struct waiting {
    link_callback *done;
    void *arg;
} waiting;

struct pipe_link {
    sync_client *client;
    waiting ring[PIPE_WINDOW];
    unsigned head; /* of the earliest */
    int in_flight;
    pipe_counts counts;
    sched_error broken; /* SCHED_OK while the connection is sound */
};

pipe_link *pipe_link_new(sync_client *client) {
    pipe_link *p = mem_zalloc(1, sizeof *p);
    p->client = client;
    return p;
}

pipe_link *pipe_link_free(pipe_link *p) {
    free(p);
    return NULL;
}

static void submit(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    (void)patience;
    pipe_link *p = ctx;
    assert(p->in_flight < PIPE_WINDOW);
    if (!p->broken.status) sync_client_append(p->client, call, &p->broken);
    p->ring[(p->head + (unsigned)p->in_flight++) % PIPE_WINDOW] = (waiting){done, arg};
    if (call->script == SCRIPT_NONE)
        p->counts.plain++;
    else
        p->counts.scripts++;
    p->counts.bytes += (int64_t)call_wire_size(call);
}

redis_link pipe_link_as_link(pipe_link *p) {
    return (redis_link){.submit = submit, .ctx = p};
}

int pipe_link_in_flight(const pipe_link *p) {
    return p->in_flight;
}

static waiting take_first(pipe_link *p) {
    waiting first = p->ring[p->head];
    p->head = (p->head + 1) % PIPE_WINDOW;
    p->in_flight--;
    return first;
}

sched_status pipe_link_pump(pipe_link *p, sched_error *err) {
    if (!p->in_flight) return SCHED_OK;
    redis_reply *reply = NULL;
    if (!p->broken.status) sync_client_read(p->client, &reply, &p->broken);
    if (p->broken.status) return sched_fail(err, p->broken.status, "%s", p->broken.message);
    waiting first = take_first(p);
    first.done(first.arg, reply_is_error(reply) ? LINK_ERROR : LINK_OK, reply);
    sync_reply_free(reply);
    return SCHED_OK;
}

void pipe_link_hang_up(pipe_link *p) {
    if (!p->broken.status) sched_fail(&p->broken, SCHED_EIO, "the connection was closed");
    while (p->in_flight) {
        waiting first = take_first(p);
        first.done(first.arg, LINK_UNKNOWN, NULL);
    }
}

pipe_counts pipe_link_counts(const pipe_link *p) {
    return p->counts;
}
