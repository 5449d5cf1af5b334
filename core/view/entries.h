/* entries.h - entries of inboxes and dead letters as the commands show them. */
#ifndef CORE_VIEW_ENTRIES_H
#define CORE_VIEW_ENTRIES_H

#include <jansson.h>

#include "core/redis/keys.h"
#include "core/view/asker.h"

enum { ENTRY_ID_MAX = 43 };

/* "ms-n". */
bool entry_id_valid(const char *text);
/* Of an element [id, [name, value, ...]] of XRANGE: entry, added, kind, from, job, session, node, attempt, deadline; of a dead letter also
 * inbox_id, deliveries, reason. A new reference. */
json_t *entry_json(const redis_reply *entry);
/* The first entries of a stream, at most `limit`, as an array. */
json_t *entries_read(asker *a, const char *stream, int64_t limit);
/* NULL when it is not there; sync_reply_free(). An answer of XRANGE with this entry only. */
redis_reply *entry_find(asker *a, const char *stream, const char *id);

#endif
