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
    pipe_stage_done *stage_done; /* NULL: calls leave at once */
    void *stage_ctx;
    redis_call *held; /* a ring beside that of the callbacks: calls that have not left */
    unsigned held_head;
    int held_count;
    script_id stage; /* of what is on the wire */
    int sent, unanswered;
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
    if (p) free(p->held);
    free(p);
    return NULL;
}

/* --- stages ----------------------------------------------------------------------------------------------------------- */

void pipe_link_by_stages(pipe_link *p, pipe_stage_done *done, void *ctx) {
    assert(!p->in_flight && !p->stage_done);
    p->stage_done = done;
    p->stage_ctx = ctx;
    p->held = mem_zalloc(PIPE_STAGED, sizeof *p->held);
}

static void hold(pipe_link *p, const redis_call *call) {
    assert(p->held_count < PIPE_STAGED);
    p->held[(p->held_head + (unsigned)p->held_count++) % PIPE_STAGED] = *call;
}

static void send_stage(pipe_link *p) {
    p->stage = p->held[p->held_head].script;
    p->sent = 0;
    while (p->held_count && p->held[p->held_head].script == p->stage && !p->broken.status) {
        sync_client_append(p->client, &p->held[p->held_head], &p->broken);
        p->held_head = (p->held_head + 1) % PIPE_STAGED;
        p->held_count--;
        p->sent++;
    }
    p->unanswered = p->sent;
}

static void end_stage(pipe_link *p) {
    if (--p->unanswered == 0 && !p->broken.status) p->stage_done(p->stage_ctx, p->stage, p->sent, &p->broken);
}

/* --- calls ------------------------------------------------------------------------------------------------------------ */

static void submit(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    (void)patience;
    pipe_link *p = ctx;
    assert(p->in_flight < PIPE_WINDOW);
    if (p->stage_done)
        hold(p, call);
    else if (!p->broken.status)
        sync_client_append(p->client, call, &p->broken);
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

int pipe_link_on_wire(const pipe_link *p) {
    return p->stage_done ? p->unanswered : p->in_flight;
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
    if (p->stage_done && !p->unanswered) send_stage(p);
    if (!p->broken.status) sync_client_read(p->client, &reply, &p->broken);
    if (p->broken.status) return sched_fail(err, p->broken.status, "%s", p->broken.message);
    waiting first = take_first(p);
    first.done(first.arg, reply_is_error(reply) ? LINK_ERROR : LINK_OK, reply);
    sync_reply_free(reply);
    if (p->stage_done) end_stage(p);
    return SCHED_OK;
}

void pipe_link_hang_up(pipe_link *p) {
    if (!p->broken.status) sched_fail(&p->broken, SCHED_EIO, "the connection was closed");
    p->held_count = 0;
    while (p->in_flight) {
        waiting first = take_first(p);
        first.done(first.arg, LINK_UNKNOWN, NULL);
    }
}

pipe_counts pipe_link_counts(const pipe_link *p) {
    return p->counts;
}
