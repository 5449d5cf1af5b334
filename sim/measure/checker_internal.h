/* checker_internal.h - what the files of the checker share; nobody else includes it. */
#ifndef SIM_MEASURE_CHECKER_INTERNAL_H
#define SIM_MEASURE_CHECKER_INTERNAL_H

#include "sim/measure/checker.h"

#include <stdio.h>
#include <uthash.h>

enum { JOB_HISTORY = 12, RUN_HISTORY = 40, CODE_SHOWN = 23 };

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
    usec_t until;
    struct reservation *next, *prev;         /* of the node */
    struct reservation *job_next, *job_prev; /* of the job */
} reservation;

typedef struct watched_job {
    char id[ID_MAX + 1];
    watched_state state;
    int64_t attempt;
    const struct watched_node *dispatched; /* node of the present attempt; NULL before its dispatch */
    bool worked;                           /* that node has finished its work on it */
    bool lost;                             /* told already */
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
    reservation *held;
    UT_hash_handle hh;
} watched_node;

typedef struct open_request {
    uint64_t utterance;
    char target[LANG_MAX + 1];
    usec_t sent;
    int asks;     /* times it was sent, less the refusals */
    bool settled; /* it has its answer; kept because a refusal of its other sendings may follow */
    struct open_request *next, *prev;
} open_request;

typedef struct watched_session {
    char id[ID_MAX + 1];
    uint64_t sent; /* numbers below this one were used */
    open_request *open;
    UT_hash_handle hh;
} watched_session;

struct checker {
    checker_rules rules;
    usec_t tick;                      /* the next bin begins */
    usec_t doubt_until, longest_hold; /* reservations cannot be known before doubt_until */
    usec_t calls_failed;              /* the last time; 0: never */
    usec_t strangers_until;           /* jobs that nobody created may end before */
    watched_job *jobs, *finished;
    watched_node *nodes;
    watched_session *sessions;
    uint64_t submitted, refused, created, in_flight, by_outcome[JOB_OUTCOMES];
    run_event run[RUN_HISTORY]; /* a ring */
    uint64_t events;
    violation violations[VIOLATIONS_MAX];
    size_t violation_count;
    uint64_t counts[VIOLATION_KINDS];
};

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
void reservations_free(checker *c);

/* checker_answers.c */
void answers_take(checker *c, const trace_event *event);
void answers_end(checker *c, usec_t now);
void answers_free(checker *c);

#endif
