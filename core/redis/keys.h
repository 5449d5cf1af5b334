/* keys.h - the only place that spells a key.
 *
 * Every key begins with the namespace ("lingua:v1:" unless configured) and a hash tag, so that what one script
 * touches lies in one slot of a cluster:
 *   {jNNN}     NNN = FNV-1a 64 of the request id mod 256, three digits; a job id carries it: "j042-9f86d081884c7d65"
 *   {nNN}      NN  = FNV-1a 64 of the node id mod 64, two digits
 *   {src:tgt}  a directed language pair
 *   {s:ID}     a session; {r:CODE}  a room. Ids of sessions have no braces (id_valid), so the tag ends where it should.
 *   {i:ID}     an instance, the same; {instances}  the list of all
 * docs/REDIS_DATA_MODEL.md describes each key's content. */
#ifndef CORE_REDIS_KEYS_H
#define CORE_REDIS_KEYS_H

#include "core/base/status.h"
#include "core/base/limits.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEYSPACE_MAX = 48, KEY_MAX = 256, JOB_BUCKETS = 256, NODE_BUCKETS = 64 };

typedef struct keyspace {
    char prefix[KEYSPACE_MAX + 1];
} keyspace;

typedef struct redis_key {
    char text[KEY_MAX];
} redis_key;

/* `prefix` without braces and spaces, ending in ':'; NULL for the default. */
sched_status keyspace_init(keyspace *ks, const char *prefix, sched_error *err);

unsigned job_bucket_of_request(const char *request_id);
/* The bucket that a job id carries; false when it is not of the form jNNN-…. */
bool job_bucket_of_job(const char *job_id, unsigned *ret_bucket);
unsigned node_bucket(const char *node_id);
/* "jNNN-" and 16 hex digits of `random`. */
void job_id_make(char id[ID_MAX + 1], const char *request_id, uint64_t random);

/* Each fills *key and returns key->text. */
const char *key_job(redis_key *key, const keyspace *ks, const char *job_id);
const char *key_request(redis_key *key, const keyspace *ks, const char *request_id);
const char *key_job_deadlines(redis_key *key, const keyspace *ks, unsigned bucket);
/* Of jobs that an instance has in memory: the copy written behind it, and the binding of a request with the lock around it. */
const char *key_job_copy(redis_key *key, const keyspace *ks, const char *job_id);
const char *key_request_binding(redis_key *key, const keyspace *ks, const char *request_id);
const char *key_request_lock(redis_key *key, const keyspace *ks, const char *request_id);

const char *key_node(redis_key *key, const keyspace *ks, const char *node_id);
const char *key_node_langs(redis_key *key, const keyspace *ks, const char *node_id);
const char *key_node_reservations(redis_key *key, const keyspace *ks, const char *node_id);
const char *key_node_expiry(redis_key *key, const keyspace *ks, unsigned bucket);
const char *key_node_marks(redis_key *key, const keyspace *ks, const char *node_id);
const char *key_node_hold(redis_key *key, const keyspace *ks, const char *node_id);

const char *key_pool_members(redis_key *key, const keyspace *ks, const char *src, const char *tgt);
const char *key_pool_places(redis_key *key, const keyspace *ks, const char *src, const char *tgt);
const char *key_pool_left(redis_key *key, const keyspace *ks, const char *src, const char *tgt, const char *node_id);

const char *key_session(redis_key *key, const keyspace *ks, const char *session_id);
const char *key_session_affinity(redis_key *key, const keyspace *ks, const char *session_id, const char *tgt);
/* `code` is six digits. */
const char *key_room(redis_key *key, const keyspace *ks, const char *code);

const char *key_instance_presence(redis_key *key, const keyspace *ks, const char *instance_id);
const char *key_instance_inbox(redis_key *key, const keyspace *ks, const char *instance_id);
const char *key_instance_dead(redis_key *key, const keyspace *ks, const char *instance_id);
const char *key_instance_tombstone(redis_key *key, const keyspace *ks, const char *instance_id);
const char *key_instance_lease(redis_key *key, const keyspace *ks, const char *instance_id);
const char *key_instances(redis_key *key, const keyspace *ks);
/* Of an incident: who owns the connection of a node, or of a session. */
const char *key_node_owner(redis_key *key, const keyspace *ks, const char *node_id);
const char *key_session_owner(redis_key *key, const keyspace *ks, const char *session_id);

/* Patterns for SCAN: all keys of the namespace; those of a name that stand alone behind their tag ("members", "session"); all keys
 * with a session's tag; the bindings of requests that are named after a session. */
const char *key_pattern_all(redis_key *key, const keyspace *ks);
const char *key_pattern_named(redis_key *key, const keyspace *ks, const char *name);
const char *key_pattern_session(redis_key *key, const keyspace *ks, const char *session_id);
const char *key_pattern_requests(redis_key *key, const keyspace *ks, const char *session_id);

#endif
