/* peer_way.c - what instances say to each other directly, each message an event at its arrival.
 *
 * Every direction between two instances has a stream of delays of its own and never reorders. A message is for the process that has the
 * name at the moment of sending: what arrives when that one has ended is lost, as what its sender had not sent yet when it ended.
 * Sound and content travel by reference. */
#include "sim/world/instance_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/mem.h"

/* From one instance to another one. */
typedef struct peer_way {
    channel arrivals;
    rng delays;
} peer_way;

typedef struct packet {
    struct packet *next, *prev; /* under way */
    world *w;
    process *from, *to;
    uint32_t from_life, to_life;
    usec_t left;
    peer_message message;
    lang_pair pair;
    char sender[ID_MAX + 1];
    char texts[]; /* of the message */
} packet;

/* Every text of a message: each travels. */
static const size_t text_at[] = {
    offsetof(peer_message, job),  offsetof(peer_message, node),    offsetof(peer_message, session),
    offsetof(peer_message, to),   offsetof(peer_message, request), offsetof(peer_message, code),
    offsetof(peer_message, room), offsetof(peer_message, service), offsetof(peer_message, address),
};

enum { TEXTS = sizeof text_at / sizeof *text_at };

/* A field that somebody adds has to be carried, too. */
_Static_assert(sizeof(peer_message) == 152, "carry the new field of a peer message: text_at, copy()");

static const char **text_of(peer_message *m, int i) {
    return (const char **)(void *)((char *)m + text_at[i]);
}

static size_t texts_size(peer_message m) {
    size_t size = 0;
    for (int i = 0; i < TEXTS; i++) size += strlen(*text_of(&m, i)) + 1;
    return size;
}

static packet *copy(const peer_message *said) {
    packet *k = mem_alloc(sizeof *k + texts_size(*said));
    k->message = *said;
    char *end = k->texts;
    for (int i = 0; i < TEXTS; i++) {
        const char **text = text_of(&k->message, i);
        size_t size = strlen(*text) + 1;
        *text = memcpy(end, *text, size);
        end += size;
    }
    if (said->pair) {
        k->pair = *said->pair;
        k->message.pair = &k->pair;
    }
    if (said->sound) audio_ref(said->sound);
    if (said->content) payload_ref(said->content);
    return k;
}

static void drop(packet *k) {
    DL_DELETE(k->w->packets, k);
    if (k->message.sound) audio_unref(k->message.sound);
    if (k->message.content) payload_unref(k->message.content);
    free(k);
}

/* Its sender has ended before it left, its receiver before it came, or the way is cut. */
static bool is_lost(const packet *k) {
    const process *from = k->from, *to = k->to;
    bool unsent = from->life != k->from_life || !from->scheduler;
    return to->life != k->to_life || !to->scheduler || (unsent && k->left > from->ended_at) || from->partitions ||
           to->partitions;
}

static void arrive(void *arg) {
    packet *k = arg;
    k->w->jobs_on_the_way--;
    if (!k->w->halted && !is_lost(k)) process_hear(k->to, k->sender, &k->message);
    drop(k);
}

static process *named(const world *w, const char *id) {
    for (int32_t i = 0; i < w->instance_count; i++)
        if (!strcmp(w->instances[i].id, id)) return &w->instances[i];
    return NULL;
}

static void send(void *ctx, const char *id, const char *address, const peer_message *said) {
    process *p = ctx;
    world *w = p->w;
    process *to = named(w, id);
    (void)address; /* the network knows everybody by name */
    if (!to || p->state == PROCESS_DIES) return;
    peer_way *way = &w->peer_ways[p->number * w->instance_count + to->number];
    packet *k = copy(said);
    usec_t done = process_leaves(p), now = world_now(w), leave = done > now ? done : now;
    k->w = w;
    k->from = p;
    k->to = to;
    k->from_life = p->life;
    k->to_life = to->life;
    k->left = leave;
    memcpy(k->sender, p->id, sizeof k->sender);
    usec_t at = leave + dist_draw_usec(&w->sc->instances.delay, &way->delays);
    if (at < way->arrivals.last) at = way->arrivals.last;
    way->arrivals.last = at;
    w->jobs_on_the_way++;
    DL_APPEND(w->packets, k);
    engine_at(w->env.engine, at, arrive, k);
}

peer_link process_peers(process *p) {
    return (peer_link){send, p};
}

void peer_ways_new(world *w) {
    int32_t count = (int32_t)w->sc->instances.count;
    w->peer_ways = mem_zalloc((size_t)count * (size_t)count, sizeof *w->peer_ways);
    for (int32_t i = 0; i < count * count; i++)
        rng_init(&w->peer_ways[i].delays, w->seed, "peer network",
                 (uint64_t)i / (uint64_t)count << 32 | (uint64_t)(i % count));
}

void peer_ways_free(world *w) {
    while (w->packets) drop(w->packets);
    free(w->peer_ways);
}
