/* job_flow.h - a job on its way; shared by the job_*.c files, by wait_queue.c, and by what lets jobs go on.
 *
 *     job_request.c   the request becomes a job, or is refused
 *     job_ask.c       questions to the store of its state
 *     job_place.c     the affinity's node, else propose → (read loads) → grant
 *     job_exclude.c   nodes that a job must not be given to
 *     job_mark.c      the mark that decides
 *     job_send.c      confirm → send
 *     job_follow.c    what the node says, deadlines, cancellation
 *     job_result.c    results: empty, repeated, failed
 *     job_partial.c   what its node has understood so far
 *     model_missing.c   a failure for want of a model
 *     job_retry.c     the next attempt
 *     job_remake.c    the next attempt of a job that Redis has lost
 *     job_release.c   the reservation given back
 *     job_end.c       the end written
 *
 * A job is followed by one chain of Redis calls at a time. What happens meanwhile (a result, a lost node, a deadline) is
 * noted in job->noted and taken up when the chain rests (job_rest() in job_follow.c), in one fixed order. So no two calls for one
 * job are ever under way together, and every step can rely on the fields it finds. */
#ifndef CORE_SCHEDULER_JOB_FLOW_H
#define CORE_SCHEDULER_JOB_FLOW_H

#include "core/scheduler/internal.h"

enum {
    TRIED_MAX = 8,       /* nodes that failed a job and are excluded from its next proposals; the latest are kept */
    ROUNDS_MAX = 2,      /* proposals of one placement before the job waits */
    UNKNOWN_TRIES = 3,   /* how often a call whose outcome is unknown is repeated at once */
    VERSION_UNKNOWN = 1, /* of a node: versions are instants, so none is as low */
};

typedef enum note {
    NOTE_RESULT = 1, /* job->result_* hold it */
    NOTE_NODE_LOST = 2,
    NOTE_DUE = 4, /* the deadline passed by our clock */
    NOTE_ACK = 8,
    NOTE_STARTED = 16,
    NOTE_COMPLETE = 32, /* the end could not be written; try again */
    NOTE_CANCEL = 64,   /* job->cancel_* hold it */
    NOTE_EMPTY = 128,   /* an empty result was held long enough */
} note;

typedef void job_step(job *j);
typedef void job_answered(job *j, const store_answer *answer);

/* How far the instance that has the node has come with this attempt. */
typedef enum remote_stage {
    REMOTE_NONE, /* the node is ours, or it is not its turn yet */
    REMOTE_ASKED,
    REMOTE_FETCHED, /* from now on the node may have it */
    REMOTE_SENT,
    REMOTE_REFUSED,
} remote_stage;

typedef struct remote_end {
    remote_stage stage;
    bool entry_out; /* the call that leaves the entry has not been answered */
    bool again;     /* it was handed over twice */
    timer_handle patience;
    char holder[ID_MAX + 1], address[ADDRESS_MAX + 1];
    char code[48]; /* why it was refused */
} remote_end;

/* The jobs of one utterance, one for each language that a room wants. They go to different nodes, because existing nodes refuse a
 * second job of one (session, utterance), also after the first has ended. */
typedef struct fanout {
    int refs;
    int count;
    struct {
        const job *taker; /* only compared */
        char node[ID_MAX + 1];
    } used[4 * ROOM_LANGS_MAX]; /* the latest; a job takes a place for each node that it was given to */
} fanout;

struct job {
    scheduler *s;
    char id[ID_MAX + 1], request[REQUEST_ID_MAX + 1], session[ID_MAX + 1];
    uint64_t utterance;
    lang_pair pair;
    cut_reason cut;
    audio *sound;
    conn_token conn;      /* of the session */
    target *place;        /* among its results; NULL when the session has gone */
    job *later, *earlier; /* of the same target */
    int64_t audio_held;   /* bytes that count for this job */
    usec_t arrived, created;
    fanout *fan;                   /* NULL unless the utterance has several jobs */
    char room[ROOM_CODE_LEN + 1];  /* "" when it was not said in one */
    char (*listeners)[ID_MAX + 1]; /* owned; the sessions of the room that hear the result; NULL: the speaker */
    int listener_count;
    char affine[ID_MAX + 1]; /* the node that is asked first; "" when there is none */

    job_state state; /* as the store last told us */
    int64_t attempt;
    char node[ID_MAX + 1];     /* of this attempt; "" while none holds a reservation */
    char owner[OWNER_MAX + 1]; /* who speaks for it, as its grant told: "instance:connection" */
    remote_end remote;
    usec_t marked;     /* when this attempt became the node's */
    usec_t held_until; /* the reservation's expiry */
    usec_t due;        /* USEC_NEVER while none is known */
    timer_handle due_timer;

    bool busy;              /* a call of the chain is out */
    job_answered *answered; /* who reads the answer of the store */
    unsigned noted;         /* set of note */
    int tries;              /* repetitions of the call under way after an unknown outcome */
    job_outcome result;
    char result_code[48];
    payload *content;     /* of the result; NULL when there is none */
    bool in_doubt;        /* it was refused, and may have been made: its record is being removed */
    bool told;            /* the session has its answer: it gets no other */
    bool released;        /* the reservation of this attempt was given back, or there was none */
    bool sent;            /* this attempt's assignment has left */
    bool spoke;           /* and its node has ended it, so that node is there, and free of it */
    attempt_verdict says; /* of this attempt */
    bool finishing;       /* the outcome is decided and being written; result and result_code hold it */

    bool empty_held;          /* the result is an empty one, and a full one may follow */
    timer_handle empty_timer; /* of that */
    job_outcome cancel_outcome;
    char cancel_code[48];

    job_step *then;      /* what follows the release under way */
    char retry_code[48]; /* why the next attempt is made; also while it is being asked for */
    bool retry_if_due;
    bool remaking;     /* Redis has lost it; it is being made again, and nothing else happens before it is */
    int remade;        /* how often that was done */
    unsigned repaired; /* by which repair after an outage it was looked after */
    /* The next attempt is decided, and the store may have made it or not: nothing else happens before it has. */
    bool moving;
    bool moved; /* it has: what this one's node still says is stale */

    candidate *candidates; /* owned, while a placement is tried */
    int candidate_count, candidate_next, candidate_ordered, asked, loads_out, round;
    bool stale;    /* this round has found members that are none */
    int cleanings; /* rounds that may still do so without being counted */
    char tried[TRIED_MAX][ID_MAX + 1];
    int tried_count;

    wait_queue *waiting; /* NULL unless the job stands in it */
    bool trying;         /* it stands there, and a placement is being tried */
    bool offered;        /* the latest placement was on a node with room, and on no other */
    job *next, *prev;
    UT_hash_handle hh;
};

/* job_request.c */
typedef struct job_spec {
    session *speaker;
    const char *request_id;
    uint64_t utterance;
    const lang_pair *pair;
    cut_reason cut;
    audio *sound;
    usec_t arrived;
    const char *room;                    /* NULL unless there are listeners */
    fanout *fan;                         /* NULL; the job takes a reference */
    const char (*listeners)[ID_MAX + 1]; /* copied; NULL: the speaker */
    int listener_count;
    target *place; /* its utterance is expected there */
    int64_t audio_held;
} job_spec;
/* Checked values. The job is created, placed and followed; the session hears of it by session_results.c. */
void job_begin(scheduler *s, const job_spec *spec);
/* Asks the store to make it, or to make it again with a later attempt. */
void job_ask_to_create(job *j, int64_t attempt, job_answered *then);
job *job_find(scheduler *s, const char *job_id);
void job_drop(job *j);
/* An event about this job: its id, attempt, session, pair and utterance are filled in. */
void job_emit(job *j, sched_event event);

/* job_ask.c */
void job_store_open(scheduler *s);
/* The job, its request, and unless given its attempt, are filled in. `then` reads the answer; the chain is busy until then. */
void job_ask(job *j, store_question question, job_answered *then);

/* job_place.c */
void job_place(job *j);       /* behind those that wait for the pair already */
void job_place_now(job *j);   /* before them */
void job_place_again(job *j); /* likewise, one that waits: a single round, for all were full a moment ago */
/* On that node or not at all. Where the version is not known the grant reads the node's languages. */
void job_place_on(job *j, const char *node, int64_t version);
void job_forget_candidates(job *j);
/* No candidate is left: it waits for room, or is refused, as configured. */
void job_wait_for_room(job *j);

/* job_exclude.c */
enum { EXCLUDED_MAX = TRIED_MAX + ROOM_LANGS_MAX };
/* Not to be asked: it failed this job, or has a job of the same utterance. */
bool job_excludes(const job *j, const char *node);
/* The latest of them; returns how many. The names live as long as nothing changes. */
int job_exclusions(const job *j, const char *ret_nodes[EXCLUDED_MAX]);
bool job_was_tried(const job *j, const char *node); /* and failed there */
/* It failed this job. */
void job_exclude(job *j, const char *node);
/* The other jobs of the utterance keep off the node, until job_unclaim_node(). */
void job_claim_node(job *j, const char *node);
void job_unclaim_node(job *j, const char *node);

/* job_mark.c: with a reservation on job->node */
void job_mark(job *j);
/* Somebody else has ended the job or goes on with it, and tells that it has ended: our session is told, and we stop. */
void job_taken(job *j);
/* Redis has lost the job, and its request has another one: the same, and that is its end. */
void job_lost(job *j);

/* job_send.c: marked */
void job_send(job *j);
/* Is the reservation held, and is `owner` still who speaks for the node? Extends it to what is left until `deadline`, and the grace. */
void job_confirm(job *j, const char *owner, usec_t deadline, confirm_done *done);
usec_t job_padding(const job *j); /* silence that the node adds */
/* The assignment leaves now, here or where the node's connection is. */
void job_dispatched(job *j);
/* It was not sent: the next attempt excludes nobody. */
void job_confirm_refused(job *j, const char *why);
/* The node, if it was sent this attempt, need not go on with it. */
void job_cancel_at_node(const job *j, const char *code);

/* job_follow.c */
void job_note(job *j, note what); /* takes it up at once when the chain rests */
void job_rest(job *j);            /* the chain has nothing more to do now */
void job_set_due(job *j, usec_t at);
/* The job, if this node has this attempt of it; else NULL, and the message is stale and is counted. */
job *job_of_message(scheduler *s, const char *node, const char *job_id, int64_t attempt);
usec_t job_attempt_limit(const job *j);
/* Its end or its next attempt is decided, and being written; until then nothing else happens to it. */
bool job_is_decided(const job *j);
/* The store could not be asked, or says that it is not due yet: look again then. */
void job_look_again(job *j, usec_t at);
/* The deadline has not passed by the store's clock; its answer carries the one that counts. */
void job_not_due(job *j, const store_answer *answer);

/* job_result.c */
void job_take_result(job *j); /* job->result_* hold it */
/* From its node, over whichever instance. */
void job_hear_result(scheduler *s, const char *node, const node_result *result);

/* job_partial.c */
/* To its speaker, if the job still has no answer. */
void job_tell_partial(scheduler *s, const char *job_id, payload *content);

/* model_missing.c */
/* The result says so: `service` may be NULL, or anything. It is noted in the job at once, or when the mark was answered. */
void model_missing(job *j, const char *service);
void model_missing_free(scheduler *s);

/* job_retry.c */
/* The next attempt, excluding the node of this one. */
void job_retry(job *j, const char *code, bool only_if_due);

/* The node of this attempt is left, and excluded if it was sent the job; what came of it is dropped. */
void job_next_attempt(job *j);

/* job_remake.c */
/* The answer tells that the store knows the job no more, or only as it was. */
bool job_was_forgotten(const job *j, const store_answer *answer);
/* With the next attempt, which costs none of attempts_max; or it ends, when its result is here already. */
void job_make_again(job *j);

/* job_release.c */
/* Gives the reservation of the present attempt back, then goes on with `then`. */
void job_release_then(job *j, job_step *then);
/* No node has the job now. A reservation whose release failed is left to its expiry. */
void job_leave_node(job *j);

/* job_end.c */
/* Ends cancelled (or timed out, when its place among the results was given up) as soon as its chain rests, unless its end is
 * decided already. */
void job_cancel(job *j, job_outcome outcome, const char *code);
void job_finish(job *j, job_outcome outcome, const char *code, bool only_if_due);
/* Writes the end that was decided, once more. */
void job_complete_again(job *j);
/* Room may have come free on that node, "" for none: the longest-waiting job that it serves is placed there. Of a node of another instance
 * it is only known that it serves `pair`; NULL: it need not be there any more, and is not asked. */
void job_offer_room(scheduler *s, const char *node_id, const lang_pair *pair);

/* wait_queue.c: jobs for which every candidate was full */
/* A job waits that comes before this one: for the pair, and not only for other nodes than those that it may not have. */
bool wait_queue_before(const job *j);
/* In the order of arrival; a job that stands there already and found no room stays. */
void wait_queue_add(job *j);
void wait_queue_remove(job *j);
/* The job was placed. If a proposal found it that room, or nodes of the pair are elsewhere, or full nodes do not refuse, there may be more:
 * the next one of its pair tries at once. */
void wait_queue_placed(job *j);
/* A slot of this node came free, or the node has come: the longest-waiting job that it serves is placed there, and the next one as
 * long as grants say that there is room; false when no job waits for it. Costs as many steps as the node has pairs, or as many as
 * there are pairs with waiting jobs, whichever are fewer. */
bool wait_queue_room(scheduler *s, const node_conn *n);
/* The same of a node that has its connection at another instance, for one job of a pair that it serves: more may come when that one was
 * sent. */
void wait_queue_room_elsewhere(scheduler *s, const char *node, const lang_pair *pair);
/* The node refused the job that was offered its slot for the job's pair alone: the slot goes on to the next longest-waiting job of another
 * one. For a while that pair is passed over where the node has room, so that its jobs do not stand before those of all other pairs. */
void wait_queue_refused(const job *j, const char *node);

#endif
