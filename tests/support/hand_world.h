/* hand_world.h - a world that a test plays by hand: the scheduler on a real Redis in virtual time, and all that it said.
 *
 * The test is the nodes and the speakers; simulated time passes only in pass() and in what calls it. Network delays and service
 * costs are zero, so what takes time are the scheduler's own timers. One world at a time; each test runs in a process of its own,
 * so the variables begin as zero. */
#ifndef TESTS_SUPPORT_HAND_WORLD_H
#define TESTS_SUPPORT_HAND_WORLD_H

#include "core/scheduler/scheduler.h"
#include "sim/engine/engine.h"
#include "sim/redis_host/link_virtual.h"

enum { LOG_MAX = 32768, NODES = 4, SESSION = 1000 };

extern const usec_t second;

extern engine *e;
extern virtual_redis *redis;
extern virtual_server *server;
extern link_virtual *wire;
extern scheduler *s;
extern scheduler_config config; /* to be changed between open_world() and open_scheduler(), as are the next two */
extern catalog_source catalog;  /* none */
extern work_meter meter;        /* none */
extern sched_error err;

/* ---- what the scheduler said: in order, the oldest first ---- */

typedef struct said {
    char job[ID_MAX + 1], node[ID_MAX + 1], code[48];
    int64_t attempt, value;
    conn_token conn;
    usec_t at;
    job_outcome outcome;
    uint64_t utterance;
    cut_reason cut; /* of what was assigned */
    int64_t bytes;  /* of its sound; of an answer's content */
    char tgt[LANG_MAX + 1];
} said;

extern said assigned[LOG_MAX], cancelled[LOG_MAX], answered[LOG_MAX], known[LOG_MAX], missing[LOG_MAX], events[LOG_MAX];
extern sched_event_kind kinds[LOG_MAX]; /* of events[] */
extern int assigned_count, cancelled_count, answered_count, event_count, registered_count, refused_count, closed_count;
extern int known_count, missing_count, error_count, session_closed_count;
extern char last_node[ID_MAX + 1], last_refusal[256], last_close_reason[64], last_error[256];
/* The beginning of the sound that was assigned last. */
extern unsigned char last_sound[4096];
extern conn_token last_closed;

/* What members of rooms were told. */
typedef struct room_said {
    conn_token conn;
    char code[ROOM_CODE_LEN + 1]; /* of room_members and room_expired */
    char text[2048];              /* "s-1(de,Ann) s-2(,)"; of a relay "sender: message" */
} room_said;

enum { ROOM_LOG_MAX = 1024 };
extern room_said viewed[ROOM_LOG_MAX], expired[ROOM_LOG_MAX], relayed[ROOM_LOG_MAX];
extern int viewed_count, expired_count, relayed_count;
/* What speakers were told of jobs that run: `text` is "job utterance target: content". */
extern room_said partials[ROOM_LOG_MAX];
extern int partial_count;

int count_of(sched_event_kind kind);
/* Fails the test when there is none. */
const said *last_of(sched_event_kind kind);

/* ---- the world ---- */

void open_world(const char *phase);
/* With one session, "s-1", on connection SESSION. */
void open_scheduler(void);
void open_scheduler_on(redis_link link);
/* What a scheduler of this world is given. */
scheduler_env hand_env(redis_link link);
/* On a link that can lose answers. */
void open_scheduler_on_lossy_link(void);
/* The outcome of the next `count` calls of this script will be unknown: they are executed, or not. */
void lose_answers(script_id script, int count, bool executed);
/* From English to German, PCM16 at 16 kHz. */
sched_status open_session(conn_token conn, const char *id);
void start_production(void); /* all three */
void close_world(void);
void pass(usec_t time);

lang_list langs(const char *text);
/* A node registers for all pairs of `languages`; its heartbeat puts it into the pools; both, for en and de. */
void offer(conn_token conn, const char *node, const char *languages, int64_t slots);
/* The same without a moment for the answer. */
void offer_now(conn_token conn, const char *node, const char *languages, int64_t slots);
void beat(conn_token conn);
void beat_with(conn_token conn, node_load load);
void join(conn_token conn, const char *node, int64_t slots);
/* Five seconds of English are to be heard in `tgt`. speak() asks for German. */
void speak_as(const char *request_id, uint64_t utterance, const char *tgt);
void speak(uint64_t utterance);
/* The node that was assigned this job ends it. */
void answer(const said *a, job_outcome outcome, const char *code);

void assert_nothing_in_flight(void);
/* A field of a node's record, "" when there is none; lives until the next call. */
const char *node_field(const char *node, const char *field);
void set_node_field(const char *node, const char *field, const char *value);
/* What an operator does, on another machine. `hold_msec` 0: the node may come back at once. */
void operator_drains(const char *node, int64_t hold_msec);
/* The reply of a plain command about one key. */
int64_t ask_int(const char *command, const char *key);
int64_t reservations_of(const char *node);
/* The same of "n0", "n1" and so on in one question. */
void reservations_of_all(int64_t held[], int nodes);
int64_t pool_size(const char *src, const char *tgt);

#endif
