/* internal.h - what the files of sim/world share; nobody else includes it.
 *
 * Connections   A conn_token says whose connection it is and which of its successive ones: for a node
 *               (number + 1) << 32 | connection, for a speaker SPEAKER_BIT | serial << 24 | place. So a message that
 *               comes late for a connection that has ended is told from one for its successor, without a table.
 * Instances     A connection leads to one instance, chosen when it is made (spread.c).
 * Messages      Each is one event of the engine, at the instant of its arrival. What a connection carries never overtakes:
 *               the end of a connection arrives after all that was sent before it. */
#ifndef SIM_WORLD_INTERNAL_H
#define SIM_WORLD_INTERNAL_H

#include "sim/world/message.h"
#include "sim/world/pool.h"
#include "sim/world/world.h"

#include <stdbool.h>

enum { IDS_REMEMBERED = 64, SPEAKER_PLACES_MAX = 1 << 24 };

/* ---- messages and their ways: network.c ---- */

/* One direction of a connection. */
typedef struct channel {
    usec_t last; /* arrival of the latest message */
} channel;

message *message_new(world *w, message_kind kind, conn_token conn);
void message_free(message *m);
/* Leaves at `leave` >= now, arrives after a delay drawn from `r`, behind what went before. */
void message_send(message *m, usec_t leave, channel *way, const dist *delay, rng *r);
/* Arrives at that very instant: nothing to travel. */
void message_post(message *m, usec_t at);

/* ---- nodes: node.c; the work in them: node_work.c ---- */

typedef struct task {
    struct task *next, *prev;
    struct node *n;
    char job[ID_MAX + 1];
    int64_t attempt;
    usec_t speech;
    uint64_t spoken;
    usec_t begun, ends; /* in a slot; while the node hangs `ends` counts from the moment it goes on */
    timer_handle timer;
} task;

/* A job that left the node, by hashes. */
typedef struct past_job {
    uint64_t job, spoken;
} past_job;

/* A fault that holds a node, from its beginning to its end. */
typedef struct node_hold {
    struct node_hold *next; /* of the same node, the latest first */
    const fault *what;
    uint64_t number; /* of the fault in the scenario */
    int32_t node;
} node_hold;

typedef struct node {
    world *w;
    const node_group *group;
    int32_t index, group_index;
    uint64_t entity; /* of its random streams: group and number in the group, so that other nodes do not move them */
    char id[ID_MAX + 1];

    uint32_t connection; /* number of the present or latest one */
    int32_t home;        /* the instance to which it leads */
    uint32_t home_life;  /* the process there */
    bool connected, registered;
    bool leaving;    /* it takes no new job, and disconnects for good when it has none */
    bool relearned;  /* its languages changed while it hung: it will say so */
    bool alive;      /* its process runs, connected or not */
    uint32_t life;   /* number of that process */
    usec_t ready_at; /* its services are */
    node_hold *holds;
    usec_t beat_due; /* next heartbeat */
    timer_handle beat;
    channel up, down;
    rng net, beats, service, usage, quirks;

    task *running, *queued;
    int64_t busy, waiting;
    past_job *recent; /* the last IDS_REMEMBERED jobs that left; NULL before the first */
    int recent_next;
    message *inbox, *inbox_last;   /* what came while it hangs */
    message *outbox, *outbox_last; /* results that wait for a connection */
} node;

void world_nodes_new(world *w);
void world_nodes_free(world *w);
void world_nodes_start(world *w);
/* NULL when that connection has ended by the node's own knowledge. */
node *node_of(world *w, conn_token conn);
node *node_by_token(world *w, conn_token conn); /* of an ended connection, too */
void node_deliver(node *n, message *m);         /* takes the message */
void node_send(node *n, message *m);
/* A message to the node; dropped when that connection has ended. */
void node_send_down(world *w, message *m, usec_t leave);
conn_token node_conn_token(const node *n);
void node_tell(node *n, trace_event event);
/* The languages with which it registers, always the same unless a fault changes them. */
void node_languages_draw(const node *n, node_registration *ret_registration);
/* Its process ends: jobs, and results that nobody has, are lost. */
void node_disconnect(node *n);
/* That connection breaks. */
void node_cut_off(world *w, conn_token conn);
/* The connections of all nodes of that instance break; `posted`: it is told. */
void nodes_lose_instance(world *w, int32_t number, bool posted);
/* Its connection ends: it works on, and sends over the next one what the answers are. */
void node_lose_connection(node *n);
/* Unless something keeps it away then. */
void node_connect_later(node *n, usec_t after);
void node_relearn(node *n);
void node_stop_beating(node *n);
/* Goes on with heartbeats, work and messages where it stood still. */
void node_go_on(node *n);
/* Results are kept until there is a connection and the process runs, everything else is not. */
void node_say(node *n, message *m);

/* Nothing keeps it any more: a node that is leaving disconnects. */
void node_idle(node *n);

/* ---- faults of nodes: node_fault.c ---- */

/* The latest fault of that kind that holds it; NULL when there is none. */
const node_hold *node_held(const node *n, fault_kind kind);
/* It cannot connect. */
bool node_is_held_off(const node *n);
void node_fault_begin(node *n, node_hold *hold);
void node_fault_end(node *n, node_hold *hold);
/* By how much its work takes longer. */
double node_slowness(const node *n);
typedef struct job_failure {
    const char *code, *service; /* service NULL: none is named */
} job_failure;

/* Does the job fail at once? */
bool node_fails(const node *n, const message *assign, job_failure *ret_failure);

/* Each may leave the node without work, and so disconnected: node_idle(). */
void work_take(node *n, const message *assign);
void work_cancel(node *n, const message *cancel);
void work_pause(node *n);
void work_resume(node *n);
void work_lose(node *n);

/* ---- speakers: speaker_parts.h; their coming: arrivals.c ---- */

typedef struct speaker speaker;

/* Number `number` of its group comes now; `under_way`: with the rest of a session, not a whole one. */
void speaker_open(world *w, const session_group *group, uint64_t number, bool under_way);
/* So many as are in one room of the group come together: `number` and the next ones. */
void speaker_open_room(world *w, const session_group *group, uint64_t number, bool under_way);
/* It comes with its one utterance spoken, and closes when it is answered. */
void speaker_call(world *w, const session_group *group, uint64_t number, const trace_row *call);
void speaker_deliver(world *w, const message *m);
/* The request or the end of that speaker reached the instance. */
const speaker *speaker_at_instance(const world *w, conn_token conn);
const char *speaker_id(const speaker *sp);
const lang_pair *speaker_pair(const speaker *sp); /* with which the session is opened */
bool speaker_two_way(const speaker *sp);
sound_format speaker_format(const speaker *sp);
const session_group *speaker_group(const speaker *sp);
void speaker_forget(world *w, conn_token conn);
/* A message to the speaker; dropped when nobody is there. */
void speaker_send_down(world *w, message *m, usec_t leave);
/* The same of speakers; `code` says why. */
void speaker_cut_off(world *w, conn_token conn, const char *code);
void speakers_lose_instance(world *w, int32_t number, const char *code, bool posted);
/* It was on its way, and nobody is there to hear it. */
void speaker_unheard(world *w, const message *m);
void speakers_hush(world *w);
/* Nobody waits for an instance. */
bool speakers_are_connected(const world *w);
/* Nothing of what somebody said is still to be cut by the client. */
bool speakers_are_silent(const world *w);
/* All who wait for their last answers ask for the end. */
void speakers_close(world *w);
void speakers_new(world *w);
void speakers_free(world *w);

void arrivals_start(world *w); /* they end when the world is hushed */
void arrivals_free(world *w);

/* ---- instances: instance_parts.h; who goes to which: spread.c ---- */

typedef struct process process; /* of an instance */

sched_status instances_new(world *w, sched_error *err);
void instances_free(world *w);
void instances_stop(world *w);
void instance_deliver(world *w, const message *m);
/* That message does not arrive: whoever should get it has ended, or whoever sent it had ended before it left. */
bool instance_missed(const world *w, const message *m);
bool instance_takes_connections(const world *w, int32_t number);
uint32_t instance_life(const world *w, int32_t number);

/* instance_fault.c */
void instance_fault_start(world *w, const fault *what, size_t number);
void instance_faults_free(world *w);

/* peer_way.c */
void peer_ways_new(world *w);
void peer_ways_free(world *w);

/* ---- instances that are elsewhere: outside.c ---- */

/* Something arrives there. */
void outside_take(world *w, const message *m);

/* For connection number `connection` of that node or speaker; -1: nobody takes any. */
int32_t spread_node(world *w, uint64_t entity, uint64_t connection);
int32_t spread_speaker(world *w, uint64_t entity, uint64_t connection);

/* ---- faults: fault.c; those of Redis: redis_fault.c ---- */

/* Instances that are elsewhere have none. */
sched_status outside_check_faults(const scenario *sc, sched_error *err);

/* What is under way. */
typedef struct redis_faults {
    int down, cut, slow;
    bool loses;    /* the data, in the restart under way */
    double factor; /* product of those of `slow` */
} redis_faults;

void redis_fault_begin(world *w, const fault *f);
void redis_fault_end(world *w, const fault *f);

void faults_start(world *w);
void faults_free(world *w);

/* ---- dashboards and the catalog: dashboard.c ---- */

void dashboards_new(world *w);
void dashboards_start(world *w);
void dashboards_free(world *w);

/* ---- the world: world.c; what it tells: tell.c ---- */

typedef struct teller teller;

struct world {
    const scenario *sc;
    world_env env;
    uint64_t seed;
    usec_t began;
    bool hushed;  /* nobody speaks any more */
    bool closing; /* nodes do not come back */
    bool halted;  /* nothing arrives any more */
    pool *messages, *tasks;
    usec_t longest_speech;
    int64_t jobs_on_the_way; /* messages about jobs or sessions that have not arrived */
    node *nodes;
    int32_t node_count, disconnected; /* for good: the first so many */
    struct arrival *arrivals;         /* one per session group */
    struct speakers *speakers;
    process *instances;
    int32_t instance_count;
    struct peer_way *peer_ways;              /* between each two of them */
    struct packet *packets;                  /* on these */
    int32_t next_of_nodes, next_of_speakers; /* instances, in turns */
    struct dashboards *dashboards;
    struct fault_run *faults;
    struct strike *strikes;
    redis_faults redis;
    teller *teller;
};

usec_t world_now(const world *w);
/* Tells the trace about something in the world; fills in `at` and absent texts. */
void world_tell(world *w, trace_event event);

void teller_new(world *w);
void teller_free(world *w);
void teller_core(world *w, int32_t number, const char *id, const sched_event *event);
/* What an instance would have told later it does not tell. */
void teller_crashed(world *w, int32_t number);
void teller_world(world *w, const trace_event *event);

#endif
