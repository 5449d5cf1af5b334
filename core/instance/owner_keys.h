/* owner_keys.h - an incident, to be seen again: a key for each connection says which instance has it.
 *
 * One task refreshes them, one call after the other: presence first, then each key; a round each 15 s. A key lives 45 s, presence 30 s. So
 * where a call takes long, as over a connection that a blocking read holds up, presence lapses with more than 29 connections,
 * and keys with more than 45 (at one second a call). A connection that came between two rounds is nobody's until the next one, and
 * whoever ends one deletes the key without asking whose it is by now.
 *
 * The cure is that there is nothing to refresh: a record names its owner, and the owner's presence tells whether it lives (instance.h).
 *
 * All of it does nothing unless instance_config.incidents.owner_keys. Ownership and threads: as instance.h. */
#ifndef CORE_INSTANCE_OWNER_KEYS_H
#define CORE_INSTANCE_OWNER_KEYS_H

#include "core/instance/instance.h"

typedef enum owned_kind { OWNED_NODE, OWNED_SESSION } owned_kind;

/* The connection of a node or session came, or ended; twice is once. */
void instance_own(instance *i, owned_kind kind, const char *id);
void instance_disown(instance *i, owned_kind kind, const char *id);

/* `owner` "" when nobody has it, as far as the keys know. Not LINK_OK: nobody knows. */
typedef void owner_done(void *arg, link_status status, const char *owner);
/* One call; `done` is called once, later. */
void instance_ask_owner(instance *i, owned_kind kind, const char *id, owner_done *done, void *arg);

#endif
