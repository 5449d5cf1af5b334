/* elsewhere.h - what is not here: sessions that speak over other instances, and jobs whose owner is another one, or dead.
 *
 *     elsewhere.c          who lives, and where a session speaks now
 *     elsewhere_answer.c   an answer goes to the session that waits for it
 *     elsewhere_room.c     members of rooms on other instances
 *     takeover_job.c       a request comes again: the unfinished job of a dead instance goes on here
 *     takeover_result.c    a node's result for a job that nobody here follows
 *     takeover_due.c       its deadline has passed
 *     remote_stray.c       the way here, from what other instances say and leave (remote_flow.h)
 *
 * All of it rests on two facts: an instance id is never used twice, and every change of a job is a compare-and-set on its attempt. So
 * two who act for the same dead instance do no harm: one of them wins, and only that one tells the session.
 *
 * Bound   ERRANDS_MAX questions about others are under way; what comes beyond them is dropped and counted, as a lost message would be. */
#ifndef CORE_SCHEDULER_ELSEWHERE_H
#define CORE_SCHEDULER_ELSEWHERE_H

#include "core/scheduler/session_flow.h"

#include "core/instance/instance.h"

enum { ERRANDS_MAX = 10000 };

typedef struct room_reading room_reading;

/* ---- elsewhere.c ---- */

/* There may be other instances. */
bool elsewhere_exists(const scheduler *s);
/* A question about others begins; false: too many are under way. elsewhere_end() when it is over. */
bool elsewhere_begin(scheduler *s);
void elsewhere_end(scheduler *s);
/* `done` is called once, later. */
void elsewhere_ask_alive(scheduler *s, const char *instance_id, alive_done *done, void *arg);
/* The instance in an owner's name (sched_owner()); "" when there is none. */
void elsewhere_instance_of(const char *owner, char ret_instance[ID_MAX + 1]);

typedef enum whereabouts {
    SESSION_NOWHERE, /* nobody speaks for it, or whoever did is dead */
    SESSION_HERE,
    SESSION_THERE, /* instance_id and address say where */
    SESSION_UNKNOWN,
} whereabouts;

typedef void session_found(void *arg, whereabouts where, const char *instance_id, const char *address);
/* `then` is called once, later. */
void elsewhere_find_session(scheduler *s, const char *session_id, session_found *then, void *arg);

/* ---- elsewhere_answer.c ---- */

/* One that hears an answer: the speaker, or in a room somebody else. */
typedef struct hearer {
    const char *session_id;
    const char *room; /* "" for the speaker */
} hearer;

/* Nobody here is known to wait for it. To the speaker it is told in its place when it is expected there, and else at once; to a
 * listener if it is still in that room. What becomes of the speaker's is one event: EV_RESULT_SENT, EV_FORWARDED or EV_SESSION_GONE. */
void elsewhere_answer(scheduler *s, hearer to, const job_answer *answer, int64_t attempt);

/* ---- elsewhere_room.c ---- */

/* Members have changed: the instances of those that are not ours are told. */
void elsewhere_tell_room(scheduler *s, const room_reading *reading);
/* To a member whose connection has that owner. */
void elsewhere_relay(session *from, const char *owner, const char *to_session, const char *code, payload *message);

/* What another instance says about sessions and rooms; kinds that are not about these are nothing to us. */
void elsewhere_hear(scheduler *s, const peer_message *message);
void elsewhere_hear_room(scheduler *s, const peer_message *message);

/* ---- takeover_job.c ---- */

/* The request of `j` is bound to another job. True: that one's owner is being looked for, and `j` goes on as that job, or its session
 * learns what is known of it. False: nothing was done, because there is nobody to take it over from. */
bool takeover_job(job *j, const char *job_id);

/* ---- takeover_result.c ---- */

/* Of a job that is not followed here: handed to its owner, or the job is ended from its record when that one is dead. */
void takeover_result(scheduler *s, const char *node, const node_result *result);
void takeover_stop(scheduler *s);

/* ---- takeover_due.c ---- */

/* The deadline of a job that is not followed here was at `due`, and has passed by our clock. */
void takeover_due(scheduler *s, const char *job_id, usec_t due);
void takeover_due_stop(scheduler *s);

#endif
