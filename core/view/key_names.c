/* key_names.c - a table of the names that stand behind a tag, and of the function of keys.c that spells each. */
#include "core/view/key_names.h"

#include <string.h>

#include "core/domain/ids.h"
#include "core/domain/lang_pair.h"
#include "core/view/record.h"

enum { ROOM_CODE_LEN = 6 };

/* How keys.c spells a key whose tag and rest are these; NULL when it cannot. */
typedef const char *speller(redis_key *key, const keyspace *ks, const char *tag, const char *rest);

typedef const char *of_id(redis_key *key, const keyspace *ks, const char *id);

static const char *if_id(of_id *spell, redis_key *key, const keyspace *ks, const char *rest) {
    return id_valid(rest) ? spell(key, ks, rest) : NULL;
}

static const char *spell_node(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)tag;
    return if_id(key_node, key, ks, rest);
}

static const char *spell_langs(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)tag;
    return if_id(key_node_langs, key, ks, rest);
}

static const char *spell_reservations(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)tag;
    return if_id(key_node_reservations, key, ks, rest);
}

static const char *spell_marks(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)tag;
    return if_id(key_node_marks, key, ks, rest);
}

static const char *spell_hold(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)tag;
    return if_id(key_node_hold, key, ks, rest);
}

static bool bucket_of(const char *tag, char letter, unsigned buckets, unsigned *ret_bucket) {
    int64_t bucket;
    if (tag[0] != letter || !record_whole(tag + 1, 0, &bucket) || bucket >= buckets) return false;
    *ret_bucket = (unsigned)bucket;
    return true;
}

static const char *spell_expiry(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    unsigned bucket;
    (void)rest;
    return bucket_of(tag, 'n', NODE_BUCKETS, &bucket) ? key_node_expiry(key, ks, bucket) : NULL;
}

static const char *spell_job(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    unsigned bucket;
    (void)tag;
    return id_valid(rest) && job_bucket_of_job(rest, &bucket) ? key_job(key, ks, rest) : NULL;
}

static const char *spell_copy(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    unsigned bucket;
    (void)tag;
    return id_valid(rest) && job_bucket_of_job(rest, &bucket) ? key_job_copy(key, ks, rest) : NULL;
}

static const char *spell_binding(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)tag;
    return request_id_valid(rest) ? key_request_binding(key, ks, rest) : NULL;
}

static const char *spell_lock(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)tag;
    return request_id_valid(rest) ? key_request_lock(key, ks, rest) : NULL;
}

static const char *spell_request(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)tag;
    return request_id_valid(rest) ? key_request(key, ks, rest) : NULL;
}

static const char *spell_deadlines(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    unsigned bucket;
    (void)rest;
    return bucket_of(tag, 'j', JOB_BUCKETS, &bucket) ? key_job_deadlines(key, ks, bucket) : NULL;
}

static const char *spell_members(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    lang_pair pair;
    (void)rest;
    return lang_pair_parse(tag, &pair, NULL) ? NULL : key_pool_members(key, ks, pair.src, pair.tgt);
}

static const char *spell_places(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    lang_pair pair;
    (void)rest;
    return lang_pair_parse(tag, &pair, NULL) ? NULL : key_pool_places(key, ks, pair.src, pair.tgt);
}

static const char *spell_left(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    lang_pair pair;
    bool good = id_valid(rest) && !lang_pair_parse(tag, &pair, NULL);
    return good ? key_pool_left(key, ks, pair.src, pair.tgt, rest) : NULL;
}

/* The tag of a session is "s:ID". */
static const char *session_of(const char *tag) {
    return tag[0] == 's' && tag[1] == ':' && id_valid(tag + 2) ? tag + 2 : NULL;
}

static const char *spell_session(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)rest;
    return session_of(tag) ? key_session(key, ks, session_of(tag)) : NULL;
}

static const char *spell_affinity(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    char tgt[LANG_MAX + 1];
    return session_of(tag) && !lang_tag_parse(rest, tgt, NULL) ? key_session_affinity(key, ks, session_of(tag), tgt)
                                                               : NULL;
}

static const char *spell_room(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)rest;
    bool good = tag[0] == 'r' && tag[1] == ':' && strlen(tag) == 2 + ROOM_CODE_LEN && record_whole(tag + 2, 0, NULL);
    return good ? key_room(key, ks, tag + 2) : NULL;
}

/* That of an instance is "i:ID". */
static const char *spell_of_instance(of_id *spell, redis_key *key, const keyspace *ks, const char *tag) {
    return tag[0] == 'i' && tag[1] == ':' ? if_id(spell, key, ks, tag + 2) : NULL;
}

static const char *spell_presence(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)rest;
    return spell_of_instance(key_instance_presence, key, ks, tag);
}

static const char *spell_inbox(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)rest;
    return spell_of_instance(key_instance_inbox, key, ks, tag);
}

static const char *spell_dead(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)rest;
    return spell_of_instance(key_instance_dead, key, ks, tag);
}

static const char *spell_tombstone(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)rest;
    return spell_of_instance(key_instance_tombstone, key, ks, tag);
}

static const char *spell_lease(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)rest;
    return spell_of_instance(key_instance_lease, key, ks, tag);
}

static const char *spell_instances(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)rest;
    return !strcmp(tag, "instances") ? key_instances(key, ks) : NULL;
}

static const char *spell_node_owner(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)tag;
    return if_id(key_node_owner, key, ks, rest);
}

static const char *spell_session_owner(redis_key *key, const keyspace *ks, const char *tag, const char *rest) {
    (void)rest;
    return session_of(tag) ? key_session_owner(key, ks, session_of(tag)) : NULL;
}

static const struct {
    const char *name;
    speller *spell;
} kinds[KEY_KINDS] = {
    [KEY_NODE] = {"node", spell_node},
    [KEY_LANGS] = {"langs", spell_langs},
    [KEY_RESERVATIONS] = {"resv", spell_reservations},
    [KEY_EXPIRY] = {"expiry", spell_expiry},
    [KEY_MARKS] = {"marks", spell_marks},
    [KEY_HOLD] = {"hold", spell_hold},
    [KEY_JOB] = {"job", spell_job},
    [KEY_REQUEST] = {"req", spell_request},
    [KEY_DEADLINES] = {"deadlines", spell_deadlines},
    [KEY_COPY] = {"copy", spell_copy},
    [KEY_BINDING] = {"bind", spell_binding},
    [KEY_LOCK] = {"lock", spell_lock},
    [KEY_MEMBERS] = {"members", spell_members},
    [KEY_PLACES] = {"places", spell_places},
    [KEY_LEFT] = {"left", spell_left},
    [KEY_SESSION] = {"session", spell_session},
    [KEY_AFFINITY] = {"affinity", spell_affinity},
    [KEY_ROOM] = {"room", spell_room},
    [KEY_PRESENCE] = {"presence", spell_presence},
    [KEY_INBOX] = {"inbox", spell_inbox},
    [KEY_DEAD] = {"dead", spell_dead},
    [KEY_TOMBSTONE] = {"tombstone", spell_tombstone},
    [KEY_LEASE] = {"lease", spell_lease},
    [KEY_INSTANCES] = {"all", spell_instances},
    [KEY_NODE_OWNER] = {"owner", spell_node_owner},
    [KEY_SESSION_OWNER] = {"owner", spell_session_owner},
};

/* "{tag}:name" or "{tag}:name:rest" */
static bool split(const char *text, key_name *parts, char name[16]) {
    const char *end = strchr(text, '}');
    if (*text != '{' || !end || end[1] != ':') return false;
    const char *from = end + 2;
    size_t name_len = strcspn(from, ":");
    const char *rest = from[name_len] ? from + name_len + 1 : "";
    size_t tag_len = (size_t)(end - text - 1);
    if (tag_len >= sizeof parts->tag || name_len >= 16 || strlen(rest) >= sizeof parts->rest) return false;
    memcpy(parts->tag, text + 1, tag_len);
    memcpy(name, from, name_len);
    memcpy(parts->rest, rest, strlen(rest));
    return true;
}

key_name key_name_of(const keyspace *ks, const char *key) {
    key_name parts = {.kind = KEY_UNKNOWN};
    char name[16] = "";
    redis_key spelled;
    if (!split(key + strlen(ks->prefix), &parts, name)) return parts;
    for (int kind = 0; kind < KEY_KINDS; kind++) {
        if (strcmp(kinds[kind].name, name) != 0) continue;
        const char *expected = kinds[kind].spell(&spelled, ks, parts.tag, parts.rest);
        if (expected && !strcmp(expected, key)) parts.kind = (key_kind)kind;
    }
    return parts;
}
