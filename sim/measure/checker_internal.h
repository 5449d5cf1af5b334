/* checker_internal.h - what the files of the checker share; nobody else includes it. */
#ifndef SIM_MEASURE_CHECKER_INTERNAL_H
#define SIM_MEASURE_CHECKER_INTERNAL_H

#include "sim/measure/checker.h"

#include <stdio.h>
#include <uthash.h>

#include "core/base/hash.h"

enum { JOB_HISTORY = 12, RUN_HISTORY = 40, CODE_SHOWN = 23, ATTEMPTS_SEEN = 10, SPOKEN_KEPT = 8 };

#define FINISHED_KEPT (60 * USEC_PER_SEC) /* jobs are remembered so long after their end */

/* One event as it is kept for a report. Texts that do not fit are cut. */
typedef struct past_event {
    usec_t at, until;
    const char *name; /* static */
    const struct watched_node *node;
    int64_t attempt, value, limit;
    job_outcome outcome;
    char code[CODE_SHOWN + 1];
} past_event;

typedef struct run_event {
    past_event event;
    char job[ID_MAX + 1];
} run_event;

typedef enum watched_state {
    SEEN_CREATED,
    SEEN_DISPATCHED,
    SEEN_ACCEPTED,
    SEEN_RUNNING,
    SEEN_FINISHED,
    SEEN_RELEASED
} watched_state;

typedef struct reservation {
    struct watched_node *node;
    struct watched_job *job;
    int64_t attempt;
    usec_t until, given_for;
    struct reservation *next, *prev;         /* of the node */
    struct reservation *job_next, *job_prev; /* of the job */
} reservation;

typedef struct node_set {
    const struct watched_node *at[ATTEMPTS_SEEN];
    int count;
} node_set;

/* What became of one utterance of a speaker. */
typedef struct spoken {
    uint64_t utterance;
    bool known;
    bool goes_on; /* its cut was automatic: the sentence goes on */
    struct placed *placed;
} spoken;

typedef struct placed {
    char target[LANG_MAX + 1];
    const struct watched_node *last; /* of its dispatches */
    node_set nodes;
    usec_t first; /* dispatch */
    struct placed *next;
} placed;

/* A session as the instance knows it. */
typedef struct talker {
    char id[ID_MAX + 1];
    bool opened, closed, in_chunks;
    bool summed;                         /* closed, and its bytes were compared */
    bool shaken;                         /* its instance has ended once */
    bool renumbered;                     /* by the next one, from wherever it likes */
    uint64_t process;                    /* at which it is open */
    int64_t came, cut, refused, dropped; /* bytes */
    uint64_t next_cut;
    usec_t closes;        /* the client asked for the end; 0: not yet */
    usec_t excused_until; /* its instance could not act before */
    int64_t jobs;         /* that name it */
    int64_t untold;
    struct watched_job *held;   /* finished and not told */
    spoken spoken[SPOKEN_KEPT]; /* by utterance, modulo */
    UT_hash_handle hh;
} talker;

typedef struct watched_job {
    char id[ID_MAX + 1];
    watched_state state;
    int64_t attempt;
    const struct watched_node *dispatched; /* node of the present attempt; NULL before its dispatch */
    bool worked;                           /* that node has finished its work on it */
    bool lost;                             /* told already */
    bool orphan;                           /* its instance has ended, and may have known more */
    uint64_t process;                      /* that follows it */
    node_set failed;
    talker *by; /* NULL: its session was never opened */
    uint64_t utterance;
    char target[LANG_MAX + 1];
    node_set stay;                             /* the sentence goes on at one of these; none: anywhere */
    bool settled;                              /* told, given up, or nobody is there to tell */
    struct watched_job *held_next, *held_prev; /* of the speaker, while it is finished and not settled */
    usec_t due, ended;
    reservation *held;
    past_event history[JOB_HISTORY]; /* a ring */
    unsigned events;
    struct watched_job *next, *prev; /* finished ones, in the order of their end */
    UT_hash_handle hh;
} watched_job;

typedef struct watched_node {
    char id[ID_MAX + 1];
    int64_t slots; /* 0: not known */
    bool draining;
    usec_t drains_since;
    reservation *held;
    UT_hash_handle hh;
} watched_node;

typedef struct open_request {
    uint64_t utterance;
    char target[LANG_MAX + 1];
    usec_t sent;
    int asks;     /* times it was sent, less the refusals */
    bool excused; /* the connection over which it was sent has ended */
    bool settled; /* it has its answer; kept because a refusal of its other sendings may follow */
    struct open_request *next, *prev;
} open_request;

/* The last result that somebody has of a speaker, "" being itself. */
typedef struct last_told {
    char from[ID_MAX + 1], target[LANG_MAX + 1];
    uint64_t utterance;
    struct last_told *next;
} last_told;

typedef struct watched_session {
    char id[ID_MAX + 1];
    uint64_t sent; /* numbers below this one were used */
    bool in_room;  /* others hear what it says; it hears of failures only */
    bool in_chunks;
    open_request *open;
    last_told *told;
    UT_hash_handle hh;
} watched_session;

/* What may break a rule, unless somebody still tells what explains it. */
typedef struct suspicion {
    violation_kind kind;
    watched_node *node;
    usec_t at;
    char job[ID_MAX + 1];
    int64_t value, expected, excess; /* `excess`: so many events would explain it */
    struct suspicion *next, *prev;
} suspicion;

struct checker {
    checker_rules rules;
    usec_t tick;                      /* the next bin begins */
    usec_t now;                       /* of the present event */
    usec_t doubt_until, longest_hold; /* reservations cannot be known before doubt_until */
    usec_t calls_failed;              /* the last time; 0: never */
    usec_t strangers_until;           /* jobs that nobody created may end before */
    watched_job *jobs, *finished;
    watched_node *nodes;
    watched_session *sessions;
    talker *talkers;
    usec_t arrived;        /* of the request whose EV_CREATED follows */
    bool down;             /* Redis */
    bool shaky;            /* an instance was hit by a fault */
    uint64_t teller;       /* process that tells the present event */
    uint64_t gone;         /* jobs, with their instance */
    suspicion *suspicions; /* the earliest first */
    bool ordered;          /* sessions are told in order; a core without them does not promise it */
    uint64_t submitted, refused, created, in_flight, by_outcome[JOB_OUTCOMES];
    run_event run[RUN_HISTORY]; /* a ring */
    uint64_t events;
    violation violations[VIOLATIONS_MAX];
    size_t violation_count;
    uint64_t counts[VIOLATION_KINDS];
};

/* checker_instances.c */
/* Events of jobs that nobody was seen to make. */
void strangers_may_come(checker *c, usec_t at);
void instances_take(checker *c, const trace_event *event, watched_job *j);
/* Somebody who does not follow the job any more tells of an earlier attempt. */
bool job_is_told_late(const checker *c, const watched_job *j, const sched_event *e);

/* 0 when there is none. */
static inline uint64_t process_of(const char *instance_id) {
    return instance_id && *instance_id ? hash_text(instance_id) : 0;
}

/* checker_history.c */
void history_add(checker *c, watched_job *j, const trace_event *event, const watched_node *node);
/* `j` may be NULL. */
void violate(checker *c, violation_kind kind, usec_t at, const watched_job *j, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* checker_reservations.c */
watched_node *node_seen(checker *c, const char *id); /* NULL for "" */
void reservation_taken(checker *c, watched_job *j, watched_node *n, const sched_event *event);
/* It stands until then, or longer. */
void reservation_extended(const watched_job *j, const watched_node *n, int64_t attempt, usec_t until);
void reservation_given_back(checker *c, const char *job_id, watched_node *n, int64_t attempt);
bool reservation_held(const watched_job *j, const watched_node *n, int64_t attempt);
/* The attempts of the job up to `attempt` have ended: none of them may hold anything. */
void reservations_must_be_gone(checker *c, const watched_job *j, int64_t attempt, usec_t at);
void reservations_forget_job(watched_job *j);
void reservations_unknown(checker *c, usec_t at);
/* Nobody explained it in time. */
void reservations_tick(checker *c, usec_t now);
/* How late others may tell what they did. */
usec_t telling_lag(const checker *c);
void reservations_free(checker *c);

bool reservations_in_doubt(const checker *c, usec_t at);
/* Redis is down, or back. */
void reservations_outage(checker *c, usec_t at, bool down);

bool node_set_has(const node_set *set, const watched_node *n);
void node_set_add(node_set *set, const watched_node *n); /* the last ATTEMPTS_SEEN */

/* checker_talkers.c */
void talkers_take(checker *c, const trace_event *event); /* of the world */
void talkers_take_core(checker *c, const sched_event *e, watched_job *j);
void talkers_dispatched(checker *c, watched_job *j, const watched_node *n, usec_t at);
void talkers_forget_job(watched_job *j);
/* A fault of their instance is over. */
void talkers_excuse(checker *c, uint64_t process, usec_t at);
void talkers_tick(checker *c, usec_t now);
void talkers_end(checker *c, usec_t now);
void talkers_free(checker *c);

/* checker_answers.c */
void answers_take(checker *c, const trace_event *event);
void answers_take_core(checker *c, const sched_event *e);
void answers_end(checker *c, usec_t now);
void answers_free(checker *c);

#endif
