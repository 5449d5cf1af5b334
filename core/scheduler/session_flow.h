/* session_flow.h - sessions of this instance's connections; shared by the session_*.c files, and by what answers them.
 *
 *     session.c             open, close, gone; its one timer
 *     session_record.c      the record in Redis
 *     session_sound.c       chunks are collected and cut (core/domain/speech.h)
 *     session_utterance.c   an utterance becomes a job, or one for each language of a room
 *     session_results.c     results in order, gaps, late ones
 *     session_repeat.c      what was said before, or never became a job
 *     session_affinity.c    where a sentence that goes on was sent
 *     session_fanout.c      the members of a room are asked for before their speaker's utterance becomes jobs
 *     room*.c               rooms (room_flow.h)
 *     elsewhere*.c          sessions and rooms of other instances (elsewhere.h)
 *
 * A session that has closed or gone lives until nothing names it any more: Redis calls (session_ref) and open answers of a close. */
#ifndef CORE_SCHEDULER_SESSION_FLOW_H
#define CORE_SCHEDULER_SESSION_FLOW_H

#include "core/domain/result_order.h"
#include "core/scheduler/job_flow.h"

/* What a session knows of one target language; sessions have one or two, speakers in a room up to ROOM_LANGS_MAX. */
struct target {
    target *next;
    char lang[LANG_MAX + 1];
    result_order *order;
    job *jobs;                   /* unfinished ones, in the order of their beginning */
    char affinity[ID_MAX + 1];   /* node of the sentence that goes on; "" when there is none */
    uint64_t affinity_utterance; /* the one that may say where it goes on; NO_UTTERANCE when the sentence has ended */
    bool affinity_asked;         /* Redis was asked once */
    bool affinity_stored;        /* Redis may have it */
};

/* Numbers of utterances are whole in JSON, Lua and C alike. */
#define UTTERANCE_END (UINT64_C(1) << 53)
#define NO_UTTERANCE  UINT64_MAX

typedef struct asking asking;
typedef struct room_ask room_ask;

struct session {
    scheduler *s;
    char id[ID_MAX + 1];
    conn_token conn;
    lang_pair pair;         /* as opened; in a two-way session also its reverse */
    bool two_way, reversed; /* who speaks now */
    sound_format format;
    int64_t sample_rate;
    payload *about; /* of the sound that is cut here; NULL: none */

    speech speech;
    unsigned char *sound; /* what was collected; NULL in silence, and in the simulator */
    size_t sound_len, sound_capacity;
    uint64_t utterance;  /* number of the next one that is cut here, from 0 */
    int64_t audio_bytes; /* collected, and of unfinished jobs */
    timer_handle timer;  /* of speech and of results: the earlier of both */
    usec_t timer_at;     /* USEC_NEVER while none is set */

    target *targets;
    int target_count;
    asking *askings; /* utterances whose listeners are not known yet, in their order */
    int asking_count;
    int unanswered; /* utterances that were said, times targets, and not told; and the askings */
    bool closing, gone;

    room *room; /* NULL when in none */
    session *room_next, *room_prev;
    room_ask *room_asks; /* what it wants of rooms, in order; Redis is asked about the first */
    int relays;          /* messages to other members under way */
    bool room_trouble;   /* it knows that the members cannot be asked */

    timer_handle close_timer;
    usec_t renew_at;      /* of its record */
    session *next, *prev; /* by renew_at */
    int calls;            /* callbacks that still name this struct */
    UT_hash_handle hh;    /* by conn */
    UT_hash_handle hh_id;
};

/* session.c */
session *session_by_conn(scheduler *s, conn_token conn);
session *session_by_id(scheduler *s, const char *id);
void session_ref(session *one);
/* One callback less names this session; the last one frees it when it has ended. */
void session_unref(session *one);
/* Wakes the session at the earliest instant at which it has something to do. */
void session_set_timer(session *one);
/* Everything was told that will be: a session that is closing ends. */
void session_told_all(session *one);
/* A newer connection speaks for it, over another instance: its own is told, and it ends. */
void session_moved(session *one);
void session_free_all(scheduler *s);

/* session_record.c: the record in Redis, renewed at half of its life by one timer for all */
void session_record_open(session *one);
void session_record_close(session *one);
/* Does it still speak for its session? If not, it ends here. */
void session_check_record(session *one);
void session_record_stop(scheduler *s);

/* session_sound.c */
void session_sound_timer(session *one);
usec_t session_sound_wake(const session *one);
/* Everything that was collected is cut and becomes jobs. */
void session_sound_flush(session *one);
/* What was collected is dropped, and counted. */
void session_sound_drop(session *one);
/* `bytes` more, or less when negative, are held for this session; it may be NULL when it has gone. */
void session_sound_hold(scheduler *s, session *one, int64_t bytes);
/* Whether so many more bytes may be held. */
bool session_sound_fits(const session *one, int64_t bytes);

/* session_utterance.c */
void session_say(session *one, const job_request *request);

/* One utterance on its way to its jobs. */
typedef struct saying {
    const job_request *request;
    usec_t arrived;
    const char *room; /* "" when in none; the listeners are its members */
    fanout *fan;      /* NULL unless there are several jobs */
    int64_t audio_held;
    const char (*listeners)[ID_MAX + 1]; /* NULL: the speaker */
    int listener_count;
} saying;
/* Becomes a job of this pair, or is refused. */
void session_say_in(session *one, const saying *said, const lang_pair *pair);

/* session_fanout.c */
/* In a room, or behind an utterance that was said in one: true, and it is said when its listeners are known. */
bool session_ask_listeners(session *one, const job_request *request);
/* The session ends: what was not said yet is dropped, and counted. */
void session_fanout_drop(session *one);

/* session_results.c */
enum { TARGETS_MAX = LANGS_MAX };
/* The target's entry, made when there is none; NULL beyond TARGETS_MAX. */
target *session_target(session *one, const char *lang);
/* The job's end takes its place among the results; what may be told now is told. Once for each job. */
void session_answered(job *j, job_outcome outcome, const char *code);
/* An answer of a job that was not followed over this connection: in its place if it is expected, else at once. */
void session_answer_from(session *one, const job_answer *answer, int64_t attempt);
/* No job follows, so nobody waits for its result. */
void session_leave_place(job *j);
/* The job of that utterance whose end was not told; NULL when there is none. */
job *session_job_of(const target *t, uint64_t number);
void session_results_timer(session *one);
usec_t session_results_wake(const session *one);
void session_results_free(session *one);

/* session_repeat.c */
/* No job was made: told at once. */
void session_refused(job *j, const char *code);
void session_refuse_request(scheduler *s, conn_token conn, const job_request *request, const char *code);
/* The request id is bound to another job. */
void session_known_job(job *j, const char *job_id);
/* The same of what was read already. `expected`: its answer may still come, so the utterance keeps its place among the results. */
void session_known_as(job *j, const char *job_id, const char *state, job_outcome outcome, bool expected);
/* The utterance has a place, and no job here: its answer was expected from elsewhere, and it was said again. */
bool session_is_expected_from_elsewhere(const target *t, uint64_t utterance);
/* Its place among the results is taken, or was told: is it the same request again? `request` has an id. */
void session_said_before(session *one, const target *t, const job_request *request);

/* session_affinity.c */
/* Redis is asked, once for each target, whether a sentence goes on: the session may have been on another instance. */
void affinity_ask(session *one, target *t);
/* The job was created: job->affine is the node to ask first, "" when no sentence goes on. */
void affinity_take(job *j);
/* The job was sent to job->node. */
void affinity_sent(const job *j);
/* The sentence has ended, in every target. */
void affinity_forget(session *one);

/* room*.c */
/* Calls `then` once, later, with the members; with count 0 when the session is in the room no more, or Redis did not answer: it
 * has been told then. The session may have gone. */
typedef void room_then(session *one, const room_view *room, void *arg);
/* A session in a room speaks: the room lives on. */
void room_speak(session *one, room_then *then, void *arg);
bool room_has(const char *code, const session *one); /* takes a NULL session too */
void room_gone(session *one);                        /* it leaves its room, if it is in one */
/* Nothing here names the session any more; Redis is not told. */
void room_forget(session *one);
void room_stop(scheduler *s);

#endif
