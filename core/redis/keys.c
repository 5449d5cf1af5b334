/* keys.c - see the header. The bucket is part of the hash tag and not the id itself, because the indexes (deadlines,
 * expiry) must lie in the slot of what they index: one index per bucket, few enough to be walked, enough to spread
 * over a cluster. */
#include "core/redis/keys.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/text.h"

enum { SHOWN_MAX = 60 }; /* bytes of a bad prefix in a message */

#define DEFAULT_PREFIX "lingua:v1:"

sched_status keyspace_init(keyspace *ks, const char *prefix, sched_error *err) {
    if (!prefix) prefix = DEFAULT_PREFIX;
    size_t len = strlen(prefix);
    if (len == 0 || len > KEYSPACE_MAX)
        return sched_fail(err, SCHED_EINVAL, "key prefix \"%.*s\": expected 1 to %d characters",
                          (int)text_prefix(prefix, SHOWN_MAX), prefix, KEYSPACE_MAX);
    if (prefix[len - 1] != ':')
        return sched_fail(err, SCHED_EINVAL, "key prefix \"%s\": expected a ':' at its end", prefix);
    for (size_t i = 0; i < len; i++)
        if (!isgraph((unsigned char)prefix[i]) || strchr("{}*?[]\\\"'", prefix[i]))
            return sched_fail(err, SCHED_EINVAL,
                              "key prefix \"%s\": braces, patterns, quotes and spaces are not allowed", prefix);
    memcpy(ks->prefix, prefix, len + 1);
    return SCHED_OK;
}

unsigned job_bucket_of_request(const char *request_id) {
    return (unsigned)(hash_text(request_id) % JOB_BUCKETS);
}

bool job_bucket_of_job(const char *job_id, unsigned *ret_bucket) {
    if (job_id[0] != 'j') return false;
    unsigned bucket = 0;
    for (int i = 1; i <= 3; i++) {
        if (job_id[i] < '0' || job_id[i] > '9') return false;
        bucket = bucket * 10 + (unsigned)(job_id[i] - '0');
    }
    if (job_id[4] != '-' || bucket >= JOB_BUCKETS) return false;
    *ret_bucket = bucket;
    return true;
}

unsigned node_bucket(const char *node_id) {
    return (unsigned)(hash_text(node_id) % NODE_BUCKETS);
}

void job_id_make(char id[ID_MAX + 1], const char *request_id, uint64_t random) {
    snprintf(id, ID_MAX + 1, "j%03u-%016" PRIx64, job_bucket_of_request(request_id), random);
}

static const char *spell(redis_key *key, const char *format, ...) __attribute__((format(printf, 2, 3)));

static const char *spell(redis_key *key, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(key->text, sizeof key->text, format, args);
    va_end(args);
    assert(len > 0 && len < (int)sizeof key->text);
    return key->text;
}

static unsigned bucket_of_job(const char *job_id) {
    unsigned bucket = 0;
    bool ours = job_bucket_of_job(job_id, &bucket);
    assert(ours);
    (void)ours;
    return bucket;
}

const char *key_job(redis_key *key, const keyspace *ks, const char *job_id) {
    return spell(key, "%s{j%03u}:job:%s", ks->prefix, bucket_of_job(job_id), job_id);
}

const char *key_request(redis_key *key, const keyspace *ks, const char *request_id) {
    return spell(key, "%s{j%03u}:req:%s", ks->prefix, job_bucket_of_request(request_id), request_id);
}

const char *key_job_deadlines(redis_key *key, const keyspace *ks, unsigned bucket) {
    assert(bucket < JOB_BUCKETS);
    return spell(key, "%s{j%03u}:deadlines", ks->prefix, bucket);
}

const char *key_job_copy(redis_key *key, const keyspace *ks, const char *job_id) {
    return spell(key, "%s{j%03u}:copy:%s", ks->prefix, bucket_of_job(job_id), job_id);
}

const char *key_request_binding(redis_key *key, const keyspace *ks, const char *request_id) {
    return spell(key, "%s{j%03u}:bind:%s", ks->prefix, job_bucket_of_request(request_id), request_id);
}

const char *key_request_lock(redis_key *key, const keyspace *ks, const char *request_id) {
    return spell(key, "%s{j%03u}:lock:%s", ks->prefix, job_bucket_of_request(request_id), request_id);
}

const char *key_node(redis_key *key, const keyspace *ks, const char *node_id) {
    return spell(key, "%s{n%02u}:node:%s", ks->prefix, node_bucket(node_id), node_id);
}

const char *key_node_langs(redis_key *key, const keyspace *ks, const char *node_id) {
    return spell(key, "%s{n%02u}:langs:%s", ks->prefix, node_bucket(node_id), node_id);
}

const char *key_node_reservations(redis_key *key, const keyspace *ks, const char *node_id) {
    return spell(key, "%s{n%02u}:resv:%s", ks->prefix, node_bucket(node_id), node_id);
}

const char *key_node_expiry(redis_key *key, const keyspace *ks, unsigned bucket) {
    assert(bucket < NODE_BUCKETS);
    return spell(key, "%s{n%02u}:expiry", ks->prefix, bucket);
}

const char *key_node_marks(redis_key *key, const keyspace *ks, const char *node_id) {
    return spell(key, "%s{n%02u}:marks:%s", ks->prefix, node_bucket(node_id), node_id);
}

const char *key_node_hold(redis_key *key, const keyspace *ks, const char *node_id) {
    return spell(key, "%s{n%02u}:hold:%s", ks->prefix, node_bucket(node_id), node_id);
}

const char *key_pool_members(redis_key *key, const keyspace *ks, const char *src, const char *tgt) {
    return spell(key, "%s{%s:%s}:members", ks->prefix, src, tgt);
}

const char *key_pool_places(redis_key *key, const keyspace *ks, const char *src, const char *tgt) {
    return spell(key, "%s{%s:%s}:places", ks->prefix, src, tgt);
}

const char *key_pool_left(redis_key *key, const keyspace *ks, const char *src, const char *tgt, const char *node_id) {
    return spell(key, "%s{%s:%s}:left:%s", ks->prefix, src, tgt, node_id);
}

const char *key_session(redis_key *key, const keyspace *ks, const char *session_id) {
    return spell(key, "%s{s:%s}:session", ks->prefix, session_id);
}

const char *key_session_affinity(redis_key *key, const keyspace *ks, const char *session_id, const char *tgt) {
    return spell(key, "%s{s:%s}:affinity:%s", ks->prefix, session_id, tgt);
}

const char *key_room(redis_key *key, const keyspace *ks, const char *code) {
    return spell(key, "%s{r:%s}:room", ks->prefix, code);
}

const char *key_instance_presence(redis_key *key, const keyspace *ks, const char *instance_id) {
    return spell(key, "%s{i:%s}:presence", ks->prefix, instance_id);
}

const char *key_instance_inbox(redis_key *key, const keyspace *ks, const char *instance_id) {
    return spell(key, "%s{i:%s}:inbox", ks->prefix, instance_id);
}

const char *key_instance_dead(redis_key *key, const keyspace *ks, const char *instance_id) {
    return spell(key, "%s{i:%s}:dead", ks->prefix, instance_id);
}

const char *key_instance_tombstone(redis_key *key, const keyspace *ks, const char *instance_id) {
    return spell(key, "%s{i:%s}:tombstone", ks->prefix, instance_id);
}

const char *key_instance_lease(redis_key *key, const keyspace *ks, const char *instance_id) {
    return spell(key, "%s{i:%s}:lease", ks->prefix, instance_id);
}

const char *key_instances(redis_key *key, const keyspace *ks) {
    return spell(key, "%s{instances}:all", ks->prefix);
}

const char *key_node_owner(redis_key *key, const keyspace *ks, const char *node_id) {
    return spell(key, "%s{n%02u}:owner:%s", ks->prefix, node_bucket(node_id), node_id);
}

const char *key_session_owner(redis_key *key, const keyspace *ks, const char *session_id) {
    return spell(key, "%s{s:%s}:owner", ks->prefix, session_id);
}

const char *key_pattern_all(redis_key *key, const keyspace *ks) {
    return spell(key, "%s*", ks->prefix);
}

const char *key_pattern_named(redis_key *key, const keyspace *ks, const char *name) {
    return spell(key, "%s{*}:%s", ks->prefix, name);
}

const char *key_pattern_session(redis_key *key, const keyspace *ks, const char *session_id) {
    return spell(key, "%s{s:%s}:*", ks->prefix, session_id);
}

const char *key_pattern_requests(redis_key *key, const keyspace *ks, const char *session_id) {
    return spell(key, "%s{j*}:req:%s:*", ks->prefix, session_id);
}
