/* session_fanout.c - what is said in a room becomes a job for each language that the others want to hear.
 *
 * Who the others are is asked of Redis with every utterance, since they may be on any instance; the request waits here for the
 * answer, and keeps its sound. A question that could not be sent comes back before those that were asked earlier: so the utterances
 * stand in a list, and are said from its head. What is said outside a room waits behind those.
 *
 * Nobody hears their own language translated, and nobody hears themselves. When no language is left (the others want none, or
 * there are no others), and also when Redis cannot say, the speaker hears the target of the session, as outside a room. */
#include "core/base/mem.h"
#include "core/scheduler/session_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Those who want one language. */
typedef struct audience {
    char lang[LANG_MAX + 1];
    char listeners[ROOM_MEMBERS_MAX][ID_MAX + 1];
    int count;
} audience;

typedef struct audiences {
    audience of[ROOM_MEMBERS_MAX];
    int count;
} audiences;

struct asking {
    asking *next, *prev;
    job_request request;
    char request_id[REQUEST_ID_MAX + 2]; /* room to see that it is too long */
    usec_t arrived;
    char room[ROOM_CODE_LEN + 1];
    audiences *heard_by; /* NULL: the speaker */
    bool out;            /* Redis is being asked */
    bool dropped;        /* the session has ended */
};

static void add_listener(audiences *all, const room_member *m) {
    int i = 0;
    while (i < all->count && strcmp(all->of[i].lang, m->lang) != 0) i++;
    audience *a = &all->of[i];
    if (i == all->count) {
        all->count++;
        snprintf(a->lang, sizeof a->lang, "%s", m->lang);
        a->count = 0;
    }
    snprintf(a->listeners[a->count++], sizeof a->listeners[0], "%s", m->session_id);
}

/* In the order of the members, which come by session id. */
static void find_audiences(audiences *all, const session *one, const char *src, const room_view *view) {
    for (int i = 0; i < view->count; i++) {
        const room_member *m = &view->members[i];
        bool wants = *m->lang && strcmp(m->lang, src) != 0;
        if (wants && strcmp(m->session_id, one->id) != 0) add_listener(all, m);
    }
}

/* The sound is held once; the jobs share the count of it. */
static int64_t share(int64_t bytes, int i, int count) {
    return bytes / count + (i == 0 ? bytes % count : 0);
}

static void say_to(session *one, const asking *a, const audiences *all) {
    fanout *fan = all->count > 1 ? mem_zalloc(1, sizeof *fan) : NULL;
    if (fan) fan->refs = 1;
    for (int i = 0; i < all->count; i++) {
        lang_pair pair = a->request.pair;
        snprintf(pair.tgt, sizeof pair.tgt, "%s", all->of[i].lang);
        saying said = {
            .request = &a->request,
            .arrived = a->arrived,
            .room = a->room,
            .fan = fan,
            .audio_held = share((int64_t)a->request.sound->bytes, i, all->count),
            .listeners = (const char(*)[ID_MAX + 1]) all->of[i].listeners,
            .listener_count = all->of[i].count,
        };
        session_say_in(one, &said, &pair);
    }
    if (fan && --fan->refs == 0) free(fan);
}

static void say_alone(session *one, const asking *a) {
    saying said = {
        .request = &a->request,
        .arrived = a->arrived,
        .room = "",
        .audio_held = (int64_t)a->request.sound->bytes,
    };
    session_say_in(one, &said, &a->request.pair);
}

/* ---- in order ------------------------------------------------------------------------------------------------------- */

static void asking_free(asking *a) {
    free(a->heard_by);
    audio_unref(a->request.sound);
    free(a);
}

/* The jobs that follow count its sound, and their answers. */
static void leave_list(session *one, asking *a) {
    DL_DELETE(one->askings, a);
    one->asking_count--;
    one->unanswered--;
    session_sound_hold(one->s, one, -(int64_t)a->request.sound->bytes);
}

static void say_first(session *one) {
    asking *a = one->askings;
    leave_list(one, a);
    if (a->heard_by && a->heard_by->count)
        say_to(one, a, a->heard_by);
    else
        say_alone(one, a);
    asking_free(a);
}

static void note_members(const session *one, asking *a, const room_view *view) {
    if (view->count == 0) return;
    snprintf(a->room, sizeof a->room, "%s", view->code);
    a->heard_by = mem_alloc(sizeof *a->heard_by);
    a->heard_by->count = 0;
    find_audiences(a->heard_by, one, a->request.pair.src, view);
}

static void on_members(session *one, const room_view *view, void *arg) {
    asking *a = arg;
    a->out = false;
    if (a->dropped) {
        asking_free(a);
        return;
    }
    note_members(one, a, view);
    while (one->askings && !one->askings->out) say_first(one);
    session_told_all(one);
}

bool session_ask_listeners(session *one, const job_request *request) {
    if (!one->room && !one->askings) return false;
    if (one->asking_count >= one->s->config.unanswered_max) {
        session_refuse_request(one->s, one->conn, request, "SCHEDULER_OVERLOADED");
        return true;
    }
    asking *a = mem_zalloc(1, sizeof *a);
    a->request = *request;
    a->request.sound = audio_ref(request->sound);
    snprintf(a->request_id, sizeof a->request_id, "%s", request->request_id ? request->request_id : "");
    a->request.request_id = a->request_id;
    a->request.session_id = one->id;
    a->arrived = sched_now(one->s);
    DL_APPEND(one->askings, a);
    one->asking_count++;
    one->unanswered++;
    session_sound_hold(one->s, one, (int64_t)request->sound->bytes);
    a->out = one->room != NULL;
    if (a->out) room_speak(one, on_members, a);
    return true;
}

void session_fanout_drop(session *one) {
    asking *a, *next;
    DL_FOREACH_SAFE(one->askings, a, next) {
        int64_t bytes = (int64_t)a->request.sound->bytes;
        leave_list(one, a);
        sched_emit(one->s, (sched_event){.kind = EV_AUDIO_DROPPED, .session = one->id, .value = bytes});
        a->dropped = true;
        if (!a->out) asking_free(a);
    }
}
