/* view.h - what Redis says of the whole system, as JSON documents: those of `lingua-ctl ... --json`, and of /api/v1.
 *
 * Each document is a new reference; NULL when what was named is not there, or when asking failed, which is kept in `ask`.
 * Times are ms since 1970 by the server's clock; "now" is when the document was made. What is read at different instants may not
 * fit together on a server at work. */
#ifndef CORE_VIEW_VIEW_H
#define CORE_VIEW_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "core/domain/lang_pair.h"
#include "core/redis/keys.h"
#include "core/view/asker.h"

/* ---- nodes: O(nodes), in bounded pipelines ---- */

typedef struct nodes_wanted {
    const char *status;    /* fleet_status_valid(); NULL: any */
    const lang_pair *pair; /* only members of its pool; NULL: all nodes */
    int64_t limit;         /* at most so many are told */
    bool languages;        /* with "sources", "targets", "pairs" */
} nodes_wanted;

/* now, count, matching, nodes: by their ids. */
json_t *view_nodes(asker *ask, const keyspace *ks, const nodes_wanted *wanted);
/* now, node */
json_t *view_node(asker *ask, const keyspace *ks, const char *node_id);

/* ---- pools: O(keys + members) ---- */

/* "de:en", "de:*", "*:en", "*:*" */
typedef struct pair_pattern {
    char src[LANG_MAX + 1], tgt[LANG_MAX + 1];
} pair_pattern;

bool pair_pattern_parse(const char *text, pair_pattern *ret_pattern);

/* pools: by their pairs. */
json_t *view_pools(asker *ask, const keyspace *ks, const pair_pattern *pattern);
/* now, pair, count, members: by their positions. */
json_t *view_pool(asker *ask, const keyspace *ks, const lang_pair *pair, int64_t limit);

/* ---- jobs, sessions, rooms ---- */

/* now, job; `id` is a job's or a request's (request_id_valid()). *why is written when the request is bound to a job that does
 * not exist. */
json_t *view_job(asker *ask, const keyspace *ks, const char *id, sched_error *why);
/* now, session with its affinities and jobs. O(keys) */
json_t *view_session(asker *ask, const keyspace *ks, const char *session_id);
/* now, rooms: by their codes. O(keys) */
json_t *view_rooms(asker *ask, const keyspace *ks);
/* now, room with its members. */
json_t *view_room(asker *ask, const keyspace *ks, const char *code);

/* ---- instances ---- */

/* now, instances: by their ids; those that live, and dead ones of which something is left. O(keys) */
json_t *view_instances(asker *ask, const keyspace *ks);
/* now, count, entries: what is in the inbox of one. */
json_t *view_inbox(asker *ask, const keyspace *ks, const char *instance_id, int64_t limit);
/* now, letters: of one instance, or of all (NULL); at most `limit` of each. O(keys) */
json_t *view_dead_letters(asker *ask, const keyspace *ks, const char *instance_id, int64_t limit);

#endif
