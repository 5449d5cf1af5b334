/* speaker_line.c - the connection of a speaker: to one instance, and to another one when that has ended.
 *
 * Whoever is cut off goes on speaking: people do. Utterances wait in the client until there is a connection; sound that comes in chunks is
 * lost, as it is with a telephone. Back again, it opens its session under its old id, enters its room, and says what waited; an
 * impatient client also repeats what was not answered. */
#include "sim/world/speaker_parts.h"

#include <string.h>
#include <utlist.h>

/* False: no instance takes it. */
static bool find_home(speaker *sp) {
    int32_t home = spread_speaker(sp->w, sp->entity, ++sp->connections);
    if (home < 0) return false;
    sp->home = home;
    sp->home_life = instance_life(sp->w, home);
    return true;
}

static void on_retry(void *arg);

static void try_later(speaker *sp) {
    usec_t pause = sp->group->reconnect;
    sp->reconnect = engine_at(sp->w->env.engine, world_now(sp->w) + pause, on_retry, sp);
}

static void send_waiting(speaker *sp) {
    asked *a, *next;
    DL_FOREACH_SAFE(sp->unsent, a, next) {
        asking what = a->what;
        DL_DELETE(sp->unsent, a);
        pool_give(sp->w->speakers->asked, a);
        talk_send(sp, &what);
    }
}

static void open_line(speaker *sp) {
    bool back = sp->cut_off;
    sp->online = true;
    sp->cut_off = false;
    sp->w->speakers->offline--;
    if (back) speaker_tell(sp, (trace_event){.kind = TRACE_SESSION_BACK});
    speaker_send_up(sp, message_new(sp->w, MSG_OPEN, sp->conn));
    if (back) {
        room_enter_again(sp);
        talk_repeat(sp);
    }
    send_waiting(sp);
}

static void on_retry(void *arg) {
    speaker *sp = arg;
    sp->reconnect = 0;
    if (find_home(sp))
        open_line(sp);
    else
        try_later(sp);
}

void line_open(speaker *sp) {
    sp->w->speakers->offline++;
    if (find_home(sp))
        open_line(sp);
    else
        try_later(sp);
}

void line_hold(speaker *sp, const asking *what) {
    asked *a = pool_take(sp->w->speakers->asked);
    *a = (asked){.sp = sp, .what = *what};
    DL_APPEND(sp->unsent, a);
}

void line_forget(speaker *sp) {
    engine_cancel(sp->w->env.engine, sp->reconnect);
    sp->reconnect = 0;
    if (!sp->online) sp->w->speakers->offline--;
    while (sp->unsent) {
        asked *a = sp->unsent;
        DL_DELETE(sp->unsent, a);
        pool_give(sp->w->speakers->asked, a);
    }
}

/* What is on its way up is for a connection that has ended, and so is what comes down. */
static void lost(speaker *sp, const char *code) {
    sp->online = false;
    sp->cut_off = true;
    sp->w->speakers->offline++;
    speaker_renew_token(sp);
    speaker_tell(sp, (trace_event){.kind = TRACE_SESSION_LOST, .code = code});
    if (sp->state == CLOSES)
        speaker_end(sp, "LOST");
    else
        try_later(sp);
}

void line_lost(speaker *sp, const message *m) {
    if (sp->online && sp->home == m->instance && sp->home_life == m->life) lost(sp, m->code);
}

static void break_line(speaker *sp, const char *code, bool posted) {
    world *w = sp->w;
    message *m = message_new(w, MSG_LINE_LOST, sp->conn);
    m->instance = sp->home;
    m->life = sp->home_life;
    snprintf(m->code, sizeof m->code, "%s", code);
    message *gone = posted ? message_new(w, MSG_SPEAKER_GONE, sp->conn) : NULL;
    message_post(m, world_now(w) + dist_draw_usec(&sp->group->delay, &sp->net));
    if (!gone) return;
    gone->instance = sp->home;
    gone->life = sp->home_life;
    message_post(gone, world_now(w));
}

void speaker_cut_off(world *w, conn_token conn, const char *code) {
    speaker *sp = speaker_of(w, conn);
    if (sp && sp->online && sp->state != GONE) break_line(sp, code, false);
}

void speakers_lose_instance(world *w, int32_t number, const char *code, bool posted) {
    for (size_t i = 0; i < w->speakers->places; i++) {
        speaker *sp = w->speakers->at[i];
        if (!sp || !sp->online || sp->state == GONE) continue;
        if (sp->home == number && sp->home_life == instance_life(w, number)) break_line(sp, code, posted);
    }
}

bool speakers_are_connected(const world *w) {
    return w->speakers->offline == 0;
}
