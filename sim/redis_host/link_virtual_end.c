/* link_virtual_end.c - a connection ends: because a call took too long, the way is cut, or the process at this end has ended.
 *
 * In any case what was issued and not answered is told unknown, in order, and what of it still reaches the server depends on why. */
#include "sim/redis_host/link_virtual_internal.h"

#include <assert.h>

#include "core/redis/link_uv.h"

enum { BACKOFF_DOUBLINGS_MAX = 30 };

/* ---- deadlines --------------------------------------------------------------------------------------------------- */

/* The server drops whoever waits when the connection ends. */
static void leave_server(flight *f) {
    virtual_server_withdraw(f->link->server, &f->service);
    flight_drop_answer(f);
    flight_give(f);
}

/* With its connection; what stands at the door is lost, since nobody reads it any more. */
static void forget(flight *f) {
    link_virtual *link = f->link;
    engine_cancel(link->engine, f->deadline);
    if (f->state == HOMEWARD || f->state == HERE) {
        engine_cancel(link->engine, f->event);
        flight_drop_answer(f);
        flight_give(f);
    } else if (f->read && f->state == AT_SERVER) {
        leave_server(f);
    } else if (f->state == AT_DOOR) {
        flight_give(f);
    } else {
        f->forgotten = true;
    }
}

/* Takes what has been issued out of the air, in order; calls that leave later will use the new connection. */
static flight *cut_issued(link_virtual *link) {
    usec_t now = engine_now(link->engine);
    flight *cut = NULL, **end = &cut;
    link->reading = NULL;
    link->door = NULL;
    link->door_end = &link->door;
    while (link->first && link->first->issued <= now) {
        flight *f = flight_leaves_air(link);
        *end = f;
        end = &f->next;
        f->next = NULL;
    }
    return cut;
}

static void tell_unknown(flight *cut) {
    for (flight *f = cut, *next; f; f = next) {
        next = f->next;
        link_callback *done = f->done;
        void *done_arg = f->arg;
        f->link->counts.unknown++;
        forget(f);
        done(done_arg, LINK_UNKNOWN, NULL);
    }
}

void link_virtual_late(void *arg) {
    link_virtual *link = ((flight *)arg)->link;
    link->counts.reconnects++;
    usec_t connected = engine_now(link->engine);
    for (int way = 0; way < 2; way++) connected += dist_draw_usec(&link->delay, &link->stream);
    link->last_arrival = later_of(connected, link->last_arrival);
    tell_unknown(cut_issued(link));
}

/* ---- cuts -------------------------------------------------------------------------------------------------------- */

static void plan_attempt(link_virtual *link);

static void on_connected(void *arg) {
    link_virtual *link = arg;
    link->attempt = 0;
    if (link->cut) {
        link->failures++;
        plan_attempt(link);
        return;
    }
    link->down = false;
    link->counts.reconnects++;
    link->last_arrival = engine_now(link->engine);
}

/* Two ways, when somebody is there to answer. */
static void on_attempt(void *arg) {
    link_virtual *link = arg;
    usec_t answered = engine_now(link->engine);
    for (int way = 0; way < 2 && !link->cut; way++) answered += dist_draw_usec(&link->delay, &link->pauses);
    link->attempt = engine_at(link->engine, answered, on_connected, link);
}

static void plan_attempt(link_virtual *link) {
    int doublings = link->failures < BACKOFF_DOUBLINGS_MAX ? link->failures : BACKOFF_DOUBLINGS_MAX;
    usec_t longest = link_uv_defaults.backoff_min << doublings;
    if (longest > link_uv_defaults.backoff_max) longest = link_uv_defaults.backoff_max;
    usec_t pause = longest / 2 + (usec_t)rng_below(&link->pauses, (uint64_t)(longest / 2) + 1);
    link->attempt = engine_at(link->engine, engine_now(link->engine) + pause, on_attempt, link);
}

/* They have not left yet, and will find nothing to leave by. */
static void refuse_unissued(link_virtual *link) {
    while (link->first) {
        flight *f = flight_leaves_air(link);
        engine_cancel(link->engine, f->event);
        engine_cancel(link->engine, f->deadline);
        f->state = REFUSED;
        f->event = engine_at(link->engine, f->issued, flight_refused, f);
    }
}

/* What nobody waits for any more: it is lost on its way, and in line, too, when the server has died. */
static void lose_forgotten(link_virtual *link, bool died) {
    for (size_t i = 0; i < link->all_count; i++) {
        flight *f = link->all[i];
        if (f->state == FREE || !f->forgotten || (f->state == AT_SERVER && !died)) continue;
        assert(f->state == OUTBOUND || f->state == AT_SERVER);
        if (f->state == OUTBOUND)
            engine_cancel(link->engine, f->event);
        else
            virtual_server_withdraw(link->server, &f->service);
        flight_give(f);
    }
}

void link_virtual_cut(link_virtual *link, bool died) {
    link->cut = true;
    flight *unknown = cut_issued(link);
    refuse_unissued(link);
    if (!link->down) {
        link->down = true;
        link->failures = 0;
        plan_attempt(link);
    }
    tell_unknown(unknown);
    lose_forgotten(link, died);
}

void link_virtual_hang_up(link_virtual *link) {
    flight *unknown = cut_issued(link);
    refuse_unissued(link);
    link->issue_at = engine_now(link->engine);
    link->last_arrival = link->issue_at;
    tell_unknown(unknown);
    lose_forgotten(link, false);
}

void link_virtual_mend(link_virtual *link) {
    link->cut = false;
}
