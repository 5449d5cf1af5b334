/* key_names.h - telling the keys of a namespace apart by their names: the other direction of keys.h.
 *
 * A key is of a kind only when keys.c would spell it exactly like this: a node in the wrong bucket is as lost as a misspelled
 * one. */
#ifndef CORE_VIEW_KEY_NAMES_H
#define CORE_VIEW_KEY_NAMES_H

#include "core/redis/keys.h"

typedef enum key_kind {
    KEY_NODE,
    KEY_LANGS,
    KEY_RESERVATIONS,
    KEY_EXPIRY,
    KEY_MARKS,
    KEY_HOLD,
    KEY_JOB,
    KEY_REQUEST,
    KEY_DEADLINES,
    KEY_COPY,
    KEY_BINDING,
    KEY_LOCK,
    KEY_MEMBERS,
    KEY_PLACES,
    KEY_LEFT,
    KEY_SESSION,
    KEY_AFFINITY,
    KEY_ROOM,
    KEY_PRESENCE,
    KEY_INBOX,
    KEY_DEAD,
    KEY_TOMBSTONE,
    KEY_LEASE,
    KEY_INSTANCES,
    KEY_NODE_OWNER,
    KEY_SESSION_OWNER,
    KEY_KINDS,
    KEY_UNKNOWN = KEY_KINDS
} key_kind;

typedef struct key_name {
    key_kind kind;
    char tag[ID_MAX + 3];          /* "n07", "de:en", "s:ID", "i:ID" */
    char rest[REQUEST_ID_MAX + 1]; /* what follows the name: an id; "" when nothing does */
} key_name;

/* `key` begins with the prefix of `ks`. KEY_UNKNOWN when nobody writes such a key. */
key_name key_name_of(const keyspace *ks, const char *key);

#endif
