/* registry.h - which nodes there are, which of them are proposed for a job, and who grants: one table of operations, answered by this
 * process or by Redis.
 *
 *     table       nodes of this process; a proposal looks at every one of them
 *     candidates  the same, looking at the nodes of the pair only
 *     copy        nodes are records in Redis, and every instance reads all of them once in `copy_refresh`; a proposal looks at the
 *                 pair's nodes in that copy, the record grants
 *     pools       nodes are records in Redis, and members of a pool for each pair, which proposes; the record grants
 *
 * Answers mean the same everywhere: they are those of the scripts (docs/REDIS_DATA_MODEL.md), which memory follows word for word.
 *
 * Answers    Exactly one for each question, never from inside the function that asked; what is out when the registry is freed is
 *            dropped. An answer lives until its function returns, and repeats the texts of its question that it names.
 * Ownership  Questions are copied as far as needed.
 * Bounds     Nodes and their pairs are bounded by their connections and scheduler_config.pairs_max; the copy by what is in Redis.
 * Cost       In memory O(1), a proposal O(nodes looked at), told to work_meter as WORK_NODE; in Redis that of the script.
 * Threads    None. */
#ifndef CORE_MECHANISMS_REGISTRY_H
#define CORE_MECHANISMS_REGISTRY_H

#include "core/base/rng.h"
#include "core/domain/candidate.h"
#include "core/mechanisms/grant_call.h"
#include "core/mechanisms/mechanism.h"
#include "core/mechanisms/registry_kind.h"

#include <stdbool.h>

typedef struct registry_settings {
    registry_kind kind;
    load_kind load;
    bool limit;                /* memory: a full node is not proposed */
    usec_t node_ttl;           /* offline so long after the last heartbeat */
    usec_t ready_limit;        /* a node that is not ready so long after its registration is degraded */
    usec_t trial_pause;        /* a degraded node is tried again so long after its last failure */
    usec_t mark_ttl;           /* a missing model keeps its pair away from the node so long */
    int64_t resource_limit;    /* percent of CPU, GPU or memory at which a node gets no more; 0: none */
    usec_t copy_refresh;       /* time in which every node of the copy is read once */
    int64_t reap_batch;        /* nodes that one visit for expired ones may name */
    bool overwritten_counter;  /* incident: heartbeats write over it */
    bool counted_reservations; /* incident: load is a counter (registry_counted.h) */
    bool biased_shards;        /* incident: a pool proposes by biased_select */
    bool first_of_equals;      /* incident: among equally loaded nodes the first, not any */
} registry_settings;

typedef struct registry registry;

/* ---- a job looks for a node ---------------------------------------------------------------------------------------- */

typedef struct proposal_question {
    const lang_pair *pair;
    bool shard; /* the placement compares many: a whole shard, or the least loaded of all that were looked at */
    int want;   /* else: so many, uniform; 1..CANDIDATES_MAX */
    const char *const *excluded;
    int excluded_count; /* at most 20 */
    bool refusing;      /* a dry run: also nodes of which memory knows that they would refuse */
    rng *draws;         /* used before the function returns */
} proposal_question;

typedef struct proposal {
    link_status status;
    int64_t members; /* nodes that serve the pair, as far as the registry knows */
    int count;       /* distinct; at most CANDIDATES_MAX, of a shard SHARD_MAX */
    const candidate *candidates;
} proposal;

typedef void proposal_done(void *arg, const proposal *answer);

/* `load` LOAD_UNREADABLE when it could not be read. */
typedef void load_done(void *arg, int64_t load);

typedef struct grant_answer {
    link_status status;
    grant_verdict verdict; /* GRANT_UNKNOWN unless the status is LINK_OK */
    usec_t expiry;         /* OK: of the reservation */
} grant_answer;

typedef void grant_done(void *arg, const grant_answer *answer);

typedef struct confirm_question {
    const char *node, *job_id;
    int64_t attempt;
    const char *owner; /* the connection that the assignment would be written to */
    int64_t hold_msec; /* > 0; what is held longer stays so */
} confirm_question;

typedef struct confirm_answer {
    link_status status;
    bool held;
    const char *why; /* not held: offline, owner, released; else "" */
    usec_t expiry;   /* held */
} confirm_answer;

typedef void confirm_done(void *arg, const confirm_answer *answer);

/* What an attempt says about its node; told when its reservation is given back. */
typedef enum attempt_verdict {
    VERDICT_NONE,
    VERDICT_SUCCESS,
    VERDICT_FAILURE,
} attempt_verdict;

typedef struct release_question {
    const char *node, *job_id;
    int64_t attempt;
    attempt_verdict says;
} release_question;

typedef struct release_answer {
    link_status status;
    int64_t load;            /* unexpired reservations that are left */
    const char *node_status; /* ready, degraded, draining, ...; "" when there is no such node */
} release_answer;

typedef void release_done(void *arg, const release_answer *answer);

typedef struct mark_question {
    const char *node;
    const lang_pair *pair;
    const char *service; /* "id@version" */
} mark_question;

typedef struct mark_answer {
    const mark_question *question;
    bool marked; /* else: limited, gone, or not answered */
    usec_t until;
} mark_answer;

typedef void mark_done(void *arg, const mark_answer *answer);

/* ---- a node's life ------------------------------------------------------------------------------------------------- */

typedef struct node_offer {
    const char *node, *owner;      /* "instance:connection" */
    const char *sources, *targets; /* languages by one space */
    int64_t slots;
    const char *services; /* ids by one space */
} node_offer;

typedef struct node_report {
    double cpu, gpu, mem; /* percent */
    int64_t running_jobs;
    bool unready;
} node_report;

typedef enum node_word {
    NODE_NO_WORD, /* no answer, or none that this version knows */
    NODE_OK,
    NODE_HELD,      /* register: an operator keeps it out */
    NODE_BUSY,      /* register: too many registrations wait to be applied */
    NODE_DEGRADED,  /* beat: it is not ready for too long, and was degraded just now */
    NODE_REASSIGN,  /* beat: pools, if there are any, are to be changed, then assigned() */
    NODE_READY,     /* assigned */
    NODE_DRAINING,  /* beat, assigned: it gets no job */
    NODE_STALE,     /* assigned: it registered again meanwhile */
    NODE_OFFLINE,   /* offline: it is now */
    NODE_NOT_DUE,   /* offline, asked by a reaper: it was heard of */
    NODE_GONE,      /* no such node, or it is offline */
    NODE_NOT_OWNER, /* another connection speaks for it; nothing was changed */
} node_word;

typedef struct held_attempt {
    char job[ID_MAX + 1];
    int64_t attempt;
} held_attempt;

typedef struct node_answer {
    link_status status;
    node_word word;    /* NODE_NO_WORD unless the status is LINK_OK */
    const char *node;  /* offline */
    const char *why;   /* offline: as it was asked */
    int64_t version;   /* register OK, REASSIGN, OFFLINE */
    int64_t load;      /* DRAINING of beat: its unexpired reservations */
    int64_t hold_msec; /* HELD: it may come back then; 0: not known */
    bool was_offline;  /* drain OK */
    bool ready;        /* register OK: it may get jobs from now on */
    bool room;         /* beat OK: by what it reports it has room, and had none before */
    const redis_reply *
        generations; /* REASSIGN, DRAINING of beat, OFFLINE: version, sources, targets, version, ..., whose pools it is in;
                                     * NULL unless the registry has pools */
    const held_attempt *held; /* OFFLINE: what was granted, by expiry */
    size_t held_count;
} node_answer;

typedef void node_done(void *arg, const node_answer *answer);

/* `nodes`: no heartbeat for too long, by our clock; offline() decides. Not called when there are none. */
typedef void due_done(void *arg, const char *const *nodes, size_t count);

typedef struct registry_ops {
    bool in_redis; /* nodes are records there */
    bool pools;    /* and members of pools, which pool_change.c changes */
    bool loads;    /* loads are read by load(); else a proposal brings them */
    void (*propose)(registry *r, const proposal_question *q, proposal_done *done, void *arg);
    void (*load)(registry *r, const char *node, load_done *done, void *arg);
    void (*grant)(registry *r, const grant_question *q, grant_done *done, void *arg);
    void (*confirm)(registry *r, const confirm_question *q, confirm_done *done, void *arg);
    void (*release)(registry *r, const release_question *q, release_done *done, void *arg);
    void (*mark)(registry *r, const mark_question *q, mark_done *done, void *arg);
    void (*enrol)(registry *r, const node_offer *offer, node_done *done, void *arg);
    void (*beat)(registry *r, const char *node, const char *owner, const node_report *report, node_done *done,
                 void *arg);
    void (*assigned)(registry *r, const char *node, const char *owner, int64_t version, node_done *done, void *arg);
    void (*drain)(registry *r, const char *node, const char *owner, node_done *done, void *arg);
    /* `owner` "" is a reaper: only when the node is due. `why` is at most 15 bytes. */
    void (*offline)(registry *r, const char *node, const char *owner, const char *why, node_done *done, void *arg);
    void (*forget)(registry *r, const char *node, int64_t version);       /* it is offline, and in no pool any more */
    void (*due)(registry *r, unsigned bucket, due_done *done, void *arg); /* bucket < NODE_BUCKETS */
    void (*stop)(registry *r); /* its timers, so that a loop without other work can end */
    void (*free)(registry *r);
} registry_ops;

/* Only the files registry_*.c look inside. */
struct registry {
    const registry_ops *ops;
    mechanism_env env;
    registry_settings set;
};

/* Starts the timers of a copy. */
registry *registry_new(const mechanism_env *env, const registry_settings *settings);
/* Calls to Redis must have come back. Takes NULL, returns NULL. */
registry *registry_free(registry *r);

#endif
