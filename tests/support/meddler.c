/* meddler.c - see the header. */
#include "tests/support/meddler.h"

#include "core/base/mem.h"
#include "tests/support/hand_world.h"

#include <stdlib.h>

static meddle *asked;

typedef struct lost_call {
    link_callback *done;
    void *arg;
    link_status status;
} lost_call;

static void on_lost(void *arg) {
    lost_call call = *(lost_call *)arg;
    free(arg);
    call.done(call.arg, call.status, NULL);
}

static void answer_later(link_callback *done, void *arg, link_status status, usec_t after) {
    lost_call *lost = mem_alloc(sizeof *lost);
    *lost = (lost_call){done, arg, status};
    engine_at(e, engine_now(e) + after, on_lost, lost);
}

static void ignore(void *arg, link_status status, const redis_reply *reply) {
    (void)arg, (void)status, (void)reply;
}

static void submit(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    (void)ctx;
    redis_link real = link_virtual_interface(wire);
    switch (asked(call)) {
    case LET_THROUGH: link_submit(&real, call, patience, done, arg); break;
    case REFUSE: answer_later(done, arg, LINK_REFUSED, 0); break;
    case LOSE: answer_later(done, arg, LINK_UNKNOWN, patience); break;
    case DO_BUT_LOSE_ANSWER:
        link_submit(&real, call, patience, ignore, NULL);
        answer_later(done, arg, LINK_UNKNOWN, patience);
        break;
    }
}

redis_link meddler_link(meddle *what) {
    asked = what;
    return (redis_link){.submit = submit};
}
