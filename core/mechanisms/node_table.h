/* node_table.h - nodes in memory: by name, by language pair, and what was granted on each.
 *
 * Two registries keep such a table: one that is the truth about its nodes, and one that is a copy of records in Redis.
 *
 * Time       Instants are milliseconds since 1970, as in the records.
 * Ownership  The table owns nodes and reservations; texts are copied.
 * Order      Nodes of a pair stand in an array without holes: a leave moves the last one into the place.
 * Cost       Find, reserve, release O(1); a change of languages O(pairs of the node). */
#ifndef CORE_MECHANISMS_NODE_TABLE_H
#define CORE_MECHANISMS_NODE_TABLE_H

#include "core/base/limits.h"
#include "core/domain/grant.h"
#include "core/domain/lang_pair.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

typedef struct node_table node_table;
typedef struct pair_nodes pair_nodes;
typedef struct known_node known_node;

typedef enum known_status {
    KNOWN_REGISTERING,
    KNOWN_READY,
    KNOWN_DEGRADED,
    KNOWN_DRAINING,
    KNOWN_OFFLINE,
} known_status;

/* A model that the node lacks for a pair. */
typedef struct known_mark {
    lang_pair pair;
    int64_t until;
    char service[SERVICE_MAX + 1];
} known_mark;

/* What was granted on a node and not given back. */
typedef struct known_hold {
    struct {
        char job[ID_MAX + 1];
        int64_t attempt;
        const known_node *node;
    } key;
    int64_t expiry;
    known_node *node;
    struct known_hold *prev, *next; /* of the node, in the order of the grants */
    UT_hash_handle hh;
} known_hold;

typedef struct pair_place {
    pair_nodes *pair;
    uint32_t position;
} pair_place;

enum { HISTORY_MAX = 5 };

struct known_node {
    char id[ID_MAX + 1];
    char owner[GRANT_OWNER_MAX + 1]; /* who speaks for it */
    char *sources, *targets;         /* by one space; NULL while they are not known */
    int64_t version, slots;
    known_status status;
    bool up;               /* its services are ready */
    int64_t cpu, gpu, mem; /* percent, as reported */
    int64_t running;       /* as reported */
    int64_t reserved;      /* as Redis last said */
    int64_t asking;        /* grants under way */
    int64_t own;           /* its holds; expired ones count until they are dropped */
    int64_t trial;         /* a degraded node gets no job before */
    char history[HISTORY_MAX +
                 1]; /* of verdicts, oldest first: '.' success, 'x' failure; "" while there is no failure */
    known_mark *marks;
    int mark_count;
    int64_t marked;                 /* until which some mark may stand */
    int64_t mark_number, mark_from; /* marks since then */
    int64_t since, heard;           /* of this version; of the last sign of life */
    bool never_up;                  /* in this version it was not ready yet */
    uint64_t seen;                  /* copy: the round in which it was read */
    uint64_t excluded;              /* by which question, the last time */
    known_hold *holds;
    int64_t soonest; /* no hold of it expires before */
    pair_place *places;
    uint32_t place_count;
    known_node *before, *behind; /* copy: of the same bucket */
    known_node *older, *newer;   /* by `heard` */
    UT_hash_handle hh;
};

node_table *node_table_new(void);
node_table *node_table_free(node_table *t); /* takes NULL, returns NULL */

known_node *node_table_find(const node_table *t, const char *id); /* NULL when there is none */
/* A node that is not there yet; its languages are to be set. */
known_node *node_table_add(node_table *t, const char *id);
void node_table_remove(node_table *t, known_node *n);
size_t node_table_count(const node_table *t);
/* All of them, in the order in which they were added: hh.next. */
known_node *node_table_first(const node_table *t);
/* It was heard of now: it is the last to become silent. */
void node_table_heard(node_table *t, known_node *n, int64_t now);
/* The one that was silent for longest; NULL when there is none. The next is `newer`. */
known_node *node_table_oldest(const node_table *t);

/* False when the texts are no lists of languages: then it serves none. */
bool node_table_set_languages(node_table *t, known_node *n, const char *sources, const char *targets);
bool known_node_serves(const known_node *n, const lang_pair *pair);
/* Those that serve the pair; valid until the table changes. */
known_node *const *node_table_of_pair(const node_table *t, const lang_pair *pair, size_t *ret_count);

/* A hold that is there already is extended, never shortened. */
known_hold *node_table_hold(node_table *t, known_node *n, const char *job, int64_t attempt, int64_t expiry);
/* NULL unless it is there; it may have expired. */
known_hold *node_table_held(const node_table *t, const known_node *n, const char *job, int64_t attempt);
void node_table_release(node_table *t, known_hold *h);
/* Holds that have not expired: O(1) while none has. */
int64_t known_node_holds(const known_node *n, int64_t now);
/* Holds that have expired are dropped: O(1) while none has. */
void node_table_expire(node_table *t, known_node *n, int64_t now);

#endif
