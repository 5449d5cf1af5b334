/* many_world.c - see the header. */
#include "tests/support/many_world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/scheduler/internal.h"

typedef struct place {
    scheduler *s;
    link_virtual *wire, *reader;
    char id[8];
} place;

static place places[INSTANCES_MAX];
static int place_count;
static usec_t latest[INSTANCES_MAX][INSTANCES_MAX];
static peer_delay *delay_of;
static int said_count[PEER_KINDS];

/* ---- peers ---------------------------------------------------------------------------------------------------------- */

typedef struct parcel {
    int from, to;
    peer_message message;
    lang_pair pair;
    char texts[9][160];
} parcel;

static parcel *parcel_new(const peer_message *m) {
    parcel *p = mem_zalloc(1, sizeof *p);
    p->message = *m;
    const char **texts[] = {&p->message.job,     &p->message.node,    &p->message.session,
                            &p->message.to,      &p->message.request, &p->message.code,
                            &p->message.service, &p->message.room,    &p->message.address};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert_ptr_nonnull(*texts[i]);
        snprintf(p->texts[i], sizeof p->texts[i], "%s", *texts[i]);
        *texts[i] = p->texts[i];
    }
    if (m->pair) {
        p->pair = *m->pair;
        p->message.pair = &p->pair;
    }
    if (m->sound) audio_ref(m->sound);
    p->message.content = payload_ref(m->content);
    return p;
}

static void on_arrived(void *arg) {
    parcel *p = arg;
    place *to = &places[p->to];
    if (to->s) scheduler_peer_message(to->s, places[p->from].id, &p->message);
    audio_unref(p->message.sound);
    payload_unref(p->message.content);
    free(p);
}

static void send_to_peer(void *ctx, const char *instance_id, const char *address, const peer_message *message) {
    int from = (int)((place *)ctx - places), to = 0;
    while (to < place_count && strcmp(places[to].id, instance_id) != 0) to++;
    ck_assert_msg(to < place_count && !strcmp(address, instance_id), "to %s at \"%s\"", instance_id, address);
    said_count[message->kind]++;
    usec_t delay = delay_of ? delay_of(from, to, message) : USEC_PER_MSEC;
    if (delay == USEC_NEVER) return;
    usec_t when = engine_now(e) + delay;
    if (when < latest[from][to]) when = latest[from][to];
    latest[from][to] = when;
    parcel *p = parcel_new(message);
    p->from = from;
    p->to = to;
    engine_at(e, when, on_arrived, p);
}

void meddle_with_peers(peer_delay *delay) {
    delay_of = delay;
}

int said_to_peers(peer_kind kind) {
    return said_count[kind];
}

/* ---- instances ------------------------------------------------------------------------------------------------------ */

static void open_place(int i, transport net) {
    place *p = &places[i];
    link_virtual_options options = {.delay = {.kind = DIST_CONSTANT},
                                    .window = 10000,
                                    .seed = 1,
                                    .instance = (uint64_t)i};
    snprintf(p->id, sizeof p->id, "i%d", i);
    p->wire = link_virtual_new(e, server, &options);
    p->reader = link_virtual_new(e, server, &options);
    scheduler_env env = hand_env(link_virtual_interface(p->wire));
    env.net = net;
    env.observer = net.node_registered ? env.observer : (sched_observer){NULL, NULL};
    env.seed = 7 + (uint64_t)i;
    env.reader = link_virtual_interface(p->reader);
    env.peer = (peer_link){send_to_peer, p};
    env.instance_id = p->id;
    env.address = p->id;
    ck_assert_msg(!scheduler_new(&config, &env, &p->s, &err), "%s", err.message);
    char session_id[8];
    snprintf(session_id, sizeof session_id, "s-%d", i);
    use(i);
    ck_assert_msg(!open_session(SESSION, session_id), "%s", err.message);
}

void open_many_with(int count, transport net) {
    ck_assert_int_le(count, INSTANCES_MAX);
    place_count = count;
    delay_of = NULL;
    memset(latest, 0, sizeof latest);
    memset(said_count, 0, sizeof said_count);
    for (int i = 0; i < count; i++) open_place(i, net);
    pass(100 * USEC_PER_MSEC);
    use(0);
}

void open_many(int count) {
    open_many_with(count, hand_env((redis_link){NULL, NULL}).net);
}

void use(int which) {
    s = places[which].s;
}

scheduler *at(int which) {
    return places[which].s;
}

/* What had reached Redis is executed; what comes back is heard by one that cannot do anything any more. */
void kill_instance(int which) {
    place *p = &places[which];
    p->s->env.net = (transport){0};
    p->s->env.observer = (sched_observer){NULL, NULL};
    p->s->env.peer = (peer_link){NULL, NULL};
    link_virtual_cut(p->wire, false);
    link_virtual_cut(p->reader, false);
    scheduler_stop(p->s);
    for (int i = 0; i < 100 && (scheduler_count(p->s).calls > 0 || (p->s->self && instance_calls(p->s->self) > 0)); i++)
        pass(0);
    p->s = scheduler_free(p->s);
}

void cut_wire(int which) {
    link_virtual_cut(places[which].wire, false);
}

void mend_wire(int which) {
    link_virtual_mend(places[which].wire);
}

void speak_at(int which, uint64_t utterance) {
    char session_id[8];
    snprintf(session_id, sizeof session_id, "s-%d", which);
    job_request request = {.request_id = "",
                           .session_id = session_id,
                           .utterance = utterance,
                           .pair = {"en", "de"},
                           .sound = audio_new(5 * second, 1024, NULL)};
    scheduler_submit(places[which].s, SESSION, &request);
    audio_unref(request.sound);
}

static void forget_all(void) {
    redis_call call;
    redis_reply *reply;
    call_command(&call, "FLUSHALL");
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    virtual_redis_reply_free(reply);
}

void end_many(void) {
    for (int i = 0; i < place_count; i++)
        if (places[i].s) scheduler_stop(places[i].s);
    pass(10 * second);
    for (int i = 0; i < place_count; i++) {
        places[i].s = scheduler_free(places[i].s);
        places[i].reader = link_virtual_free(places[i].reader);
        places[i].wire = link_virtual_free(places[i].wire);
    }
    s = NULL;
    place_count = 0;
    forget_all();
}

void close_many(void) {
    end_many();
    close_world();
}
