/* remote_flow.h - jobs between instances: the node of a job need not be connected where its session is.
 *
 *     remote_self.c    the part of the scheduler that lives among others; what they say goes to whom it concerns
 *     remote_send.c    a job of ours whose node another instance has
 *     remote_silence.c  an instance that does not answer is left alone
 *     remote_guest.c   a job of another instance at a node of ours: a guest
 *     remote_result.c  the result of a guest, until the other instance has it
 *     remote_stray.c   what concerns a job that nobody here follows
 *     leave.c          an instance stops in good order
 *
 * The holder of the session follows the job as ever, with the same steps; only the last one of its placement differs: instead of
 * confirming the reservation and writing to the node's connection, it leaves an entry in the inbox of the instance that has the
 * connection (core/instance/peer.h draws the rest). Whoever has the connection confirms, right before it sends.
 *
 * Any message between instances may be lost. What must not be is found again by somebody's timer:
 *   entry, FETCH, JOB, SENT   the holder of the session goes on with the next attempt; reservation first given back
 *   RESULT                    said again until the other says that it came
 *   ACK, STARTED, NODE_LOST   the attempt's deadline
 *   PARTIAL                   nobody: the next one, or the result, says more
 *   CANCEL                    the guest's own end; what the node says later is stale */
#ifndef CORE_SCHEDULER_REMOTE_FLOW_H
#define CORE_SCHEDULER_REMOTE_FLOW_H

#include "core/scheduler/job_flow.h"

#include "core/instance/instance.h"
#include "core/instance/owner_keys.h"

/* ---- remote_self.c ---- */

/* Nothing, unless the configuration is shared and the environment has a link for reading. */
void remote_open(scheduler *s);
void remote_stop(scheduler *s);
void remote_close(scheduler *s);
/* Behind remote_stop(): that have to come back before remote_close(). */
int64_t remote_calls(const scheduler *s);
/* A connection of ours speaks for it, and does no more. */
void remote_own(scheduler *s, owned_kind kind, const char *id);
void remote_disown(scheduler *s, owned_kind kind, const char *id);
/* Absent texts may be NULL. */
void remote_say(scheduler *s, const char *to, const char *address, peer_message message);
/* What a message of a node concerns, answered to another instance. */
peer_message remote_about(peer_kind kind, const char *job_id, int64_t attempt, const char *node);

/* ---- remote_send.c ---- */

/* Its node has its connection at another instance, as the grant told, and we live among others. */
bool remote_is_elsewhere(const job *j);
/* Marked: the holder of the node is asked to send it. The chain is busy until it was sent, or was not. */
void remote_send(job *j);
void remote_cancel(const job *j, const char *code);
/* The attempt is over for us. */
void remote_forget(job *j);
/* FETCH of a job of ours; SENT, REFUSED, ACK, STARTED, PARTIAL, NODE_LOST. */
void remote_job_heard(scheduler *s, const char *from, const peer_message *message);
/* What becomes of it at the other instance is not known yet; the chain is busy. */
bool remote_waits(const job *j);
/* Any word of its node says that it was sent. */
void remote_node_spoke(job *j);
void remote_jobs_of_dead(scheduler *s, const char *instance_id);
void remote_jobs_stop(scheduler *s); /* nothing is heard any more */

/* ---- remote_silence.c ---- */

/* It was asked, and has not answered. */
void remote_fell_silent(scheduler *s, const char *instance_id);
void remote_spoke(scheduler *s, const char *instance_id);
/* May a job be brought to a node whose connection has that owner? True is for this job only: of those that come within the time that it
 * takes to know, none else may. */
bool remote_may_ask(scheduler *s, const char *owner);
void remote_silences_free(scheduler *s);

/* ---- remote_guest.c ---- */

typedef enum guest_stage {
    GUEST_FETCHED,   /* its sound is asked for */
    GUEST_CONFIRMED, /* and is here; the reservation is asked for */
    GUEST_SENT,
    GUEST_OVER, /* a callback still names it */
} guest_stage;

struct guest {
    scheduler *s;
    char key[ID_MAX + 24]; /* "job attempt" */
    char job[ID_MAX + 1], node[ID_MAX + 1], session[ID_MAX + 1];
    char from[ID_MAX + 1], address[ADDRESS_MAX + 1]; /* of the holder of its session */
    int64_t attempt;
    guest_stage stage;
    uint64_t utterance;
    lang_pair pair;
    cut_reason cut;
    usec_t padding;
    usec_t limit;   /* that the attempt may take */
    usec_t expires; /* nobody waits for a word about it any more */
    audio *sound;   /* until it was sent */
    timer_handle timer;
    usec_t pause; /* until what was said last is said again */
    int tries, calls;
    bool cancelled;
    job_outcome outcome; /* of the result that the other does not have yet; NONE: there is none */
    job_outcome had;     /* of the one that it has */
    char code[48];
    char *service;
    payload *content;
    bool started; /* its time was given anew */
    bool latest;  /* it is in guests_by_job */
    UT_hash_handle hh;
    UT_hash_handle hh_job;
};

guest *guest_find(scheduler *s, const char *job_id, int64_t attempt);
/* What its node says; NULL: no guest of that node. */
guest *guest_of_message(scheduler *s, const node_conn *n, const char *job_id, int64_t attempt);
void guest_set_timer(guest *g, usec_t at);
void guest_end(guest *g);
void guest_say(guest *g, peer_kind kind, const char *code);
void remote_assign_entry(scheduler *s, const inbox_entry *entry);
/* JOB, NOT_HERE, CANCEL. */
void remote_guest_heard(scheduler *s, const char *from, const peer_message *message);
/* The node says so; false: no guest. */
bool remote_guest_acked(scheduler *s, const node_conn *n, const char *job_id, int64_t attempt);
bool remote_guest_started(scheduler *s, const node_conn *n, const char *job_id, int64_t attempt);
bool remote_guest_partial(scheduler *s, const node_conn *n, const char *job_id, payload *content);
/* The node has left. */
void remote_guest_lost(scheduler *s, const char *node, const char *job_id, int64_t attempt);
void remote_guests_of_dead(scheduler *s, const char *instance_id);
void remote_guests_stop(scheduler *s);
void remote_guests_free(scheduler *s);

/* ---- remote_result.c ---- */

/* False: no guest of this node. */
bool remote_guest_result(scheduler *s, const node_conn *n, const node_result *result);
/* It was not heard yet: now, or to whoever follows the job by now when that instance is dead. */
void guest_tell_result(guest *g);
void guest_result_is_stray(guest *g);
void guest_drop_result(guest *g);
/* RESULT, GOT, and FETCH of the result of a guest of ours; false: no such guest. */
void remote_result_came(scheduler *s, const char *from, const peer_message *message);
void remote_result_got(scheduler *s, const peer_message *message);
bool remote_result_asked(scheduler *s, const char *from, const peer_message *message);
/* The notice that a result lies at `entry->from`. */
void remote_result_entry(scheduler *s, const inbox_entry *entry);

/* ---- remote_stray.c ---- */

/* A result for a job that nobody here follows. */
void remote_stray_result(scheduler *s, const char *node, const node_result *result);
/* An entry of the inbox of a dead instance. */
void remote_stray_entry(scheduler *s, const char *dead_instance, const inbox_entry *entry, const entry_token *token);
/* Messages about sessions and rooms of ours. */
void remote_stray_message(scheduler *s, const char *from, const peer_message *message);

/* ---- leave.c ---- */

/* Nothing new is taken. */
bool leave_under_way(const scheduler *s);
/* Why a node that has drained is told to go. */
const char *leave_reason(const scheduler *s);
void leave_stop(scheduler *s);

#endif
