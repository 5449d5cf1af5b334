/* check_key_names.c - every key that keys.c spells is told apart by its name, and nothing else is; patterns match what they say. */
#include "core/view/key_names.h"
#include "tests/support/suite.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static const char request[] = "s1:7:en", job[] = "j000-00000000000000ff";

static keyspace space(void) {
    keyspace ks;
    ck_assert_int_eq(keyspace_init(&ks, "mine:", NULL), SCHED_OK);
    return ks;
}

/* The key of each kind, and what its name is to tell. */
static key_name spelled(key_kind kind, redis_key *key) {
    keyspace ks = space();
    key_name name = {.kind = kind};
    snprintf(name.tag, sizeof name.tag, "n%02u", node_bucket("gpu-7"));
    switch (kind) {
    case KEY_NODE: key_node(key, &ks, strcpy(name.rest, "gpu-7")); break;
    case KEY_LANGS: key_node_langs(key, &ks, strcpy(name.rest, "gpu-7")); break;
    case KEY_RESERVATIONS: key_node_reservations(key, &ks, strcpy(name.rest, "gpu-7")); break;
    case KEY_MARKS: key_node_marks(key, &ks, strcpy(name.rest, "gpu-7")); break;
    case KEY_HOLD: key_node_hold(key, &ks, strcpy(name.rest, "gpu-7")); break;
    case KEY_EXPIRY: key_node_expiry(key, &ks, node_bucket("gpu-7")); break;
    case KEY_JOB: key_job(key, &ks, strcpy(name.rest, job)), strcpy(name.tag, "j000"); break;
    case KEY_REQUEST:
        key_request(key, &ks, strcpy(name.rest, request));
        snprintf(name.tag, sizeof name.tag, "j%03u", job_bucket_of_request(request));
        break;
    case KEY_COPY: key_job_copy(key, &ks, strcpy(name.rest, job)), strcpy(name.tag, "j000"); break;
    case KEY_BINDING:
        key_request_binding(key, &ks, strcpy(name.rest, request));
        snprintf(name.tag, sizeof name.tag, "j%03u", job_bucket_of_request(request));
        break;
    case KEY_LOCK:
        key_request_lock(key, &ks, strcpy(name.rest, request));
        snprintf(name.tag, sizeof name.tag, "j%03u", job_bucket_of_request(request));
        break;
    case KEY_DEADLINES: key_job_deadlines(key, &ks, 255), strcpy(name.tag, "j255"); break;
    case KEY_MEMBERS: key_pool_members(key, &ks, "de", "en"), strcpy(name.tag, "de:en"); break;
    case KEY_PLACES: key_pool_places(key, &ks, "de", "en"), strcpy(name.tag, "de:en"); break;
    case KEY_LEFT: key_pool_left(key, &ks, "de", "en", strcpy(name.rest, "n:1")), strcpy(name.tag, "de:en"); break;
    case KEY_SESSION: key_session(key, &ks, "a:b"), strcpy(name.tag, "s:a:b"); break;
    case KEY_AFFINITY: key_session_affinity(key, &ks, "s1", strcpy(name.rest, "en")), strcpy(name.tag, "s:s1"); break;
    case KEY_ROOM: key_room(key, &ks, "042917"), strcpy(name.tag, "r:042917"); break;
    case KEY_PRESENCE: key_instance_presence(key, &ks, "gw:1"), strcpy(name.tag, "i:gw:1"); break;
    case KEY_INBOX: key_instance_inbox(key, &ks, "gw:1"), strcpy(name.tag, "i:gw:1"); break;
    case KEY_DEAD: key_instance_dead(key, &ks, "gw:1"), strcpy(name.tag, "i:gw:1"); break;
    case KEY_TOMBSTONE: key_instance_tombstone(key, &ks, "gw:1"), strcpy(name.tag, "i:gw:1"); break;
    case KEY_LEASE: key_instance_lease(key, &ks, "gw:1"), strcpy(name.tag, "i:gw:1"); break;
    case KEY_INSTANCES: key_instances(key, &ks), strcpy(name.tag, "instances"); break;
    case KEY_NODE_OWNER: key_node_owner(key, &ks, strcpy(name.rest, "gpu-7")); break;
    case KEY_SESSION_OWNER: key_session_owner(key, &ks, "a:b"), strcpy(name.tag, "s:a:b"); break;
    case KEY_UNKNOWN: break;
    }
    return name;
}

START_TEST(every_key_is_told_apart) {
    keyspace ks = space();
    for (int kind = 0; kind < KEY_KINDS; kind++) {
        redis_key key;
        key_name expected = spelled((key_kind)kind, &key), name = key_name_of(&ks, key.text);
        ck_assert_msg(name.kind == expected.kind, "%s is kind %d, not %d", key.text, name.kind, kind);
        ck_assert_str_eq(name.tag, expected.tag);
        ck_assert_str_eq(name.rest, expected.rest);
    }
}
END_TEST

START_TEST(what_nobody_would_spell_is_unknown) {
    static const char *const keys[] = {
        "mine:",
        "mine:loose",
        "mine:{}:members",
        "mine:{de:de}:members",
        "mine:{DE:en}:members",
        "mine:{de:en}:members:x",
        "mine:{de:en}:members:",
        "mine:{de:en}",
        "mine:{n64}:expiry",
        "mine:{n7}:expiry",
        "mine:{j256}:deadlines",
        "mine:{j00}:deadlines",
        "mine:{j001}:job:j000-00000000000000ff",
        "mine:{j000}:job:x",
        "mine:{s:}:session",
        "mine:{s:s1}:affinity:",
        "mine:{s:s1}:affinity:EN",
        "mine:{r:04291}:room",
        "mine:{r:04291x}:room",
        "mine:{r:042917}:rooms",
    };
    keyspace ks = space();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        ck_assert_msg(key_name_of(&ks, keys[i]).kind == KEY_UNKNOWN, "%s", keys[i]);
}
END_TEST

START_TEST(a_node_in_another_bucket_is_unknown) {
    keyspace ks = space();
    char key[64];
    for (unsigned bucket = 0; bucket < NODE_BUCKETS; bucket++) {
        snprintf(key, sizeof key, "mine:{n%02u}:node:gpu-7", bucket);
        bool right = bucket == node_bucket("gpu-7");
        ck_assert_msg((key_name_of(&ks, key).kind == KEY_NODE) == right, "%s", key);
    }
}
END_TEST

START_TEST(patterns_match_their_keys_and_no_others) {
    keyspace ks = space();
    redis_key key, pattern;
    spelled(KEY_ROOM, &key);
    ck_assert_int_eq(fnmatch(key_pattern_named(&pattern, &ks, "room"), key.text, 0), 0);
    ck_assert_int_eq(fnmatch(key_pattern_all(&pattern, &ks), key.text, 0), 0);
    ck_assert_int_ne(fnmatch(key_pattern_all(&pattern, &ks), "other:{r:042917}:room", 0), 0);
    key_session_affinity(&key, &ks, "s1", "en");
    ck_assert_int_eq(fnmatch(key_pattern_session(&pattern, &ks, "s1"), key.text, 0), 0);
    key_session_affinity(&key, &ks, "s11", "en");
    ck_assert_int_ne(fnmatch(key_pattern_session(&pattern, &ks, "s1"), key.text, 0), 0);
    ck_assert_int_eq(fnmatch(key_pattern_requests(&pattern, &ks, "s1"), key_request(&key, &ks, request), 0), 0);
    ck_assert_int_ne(fnmatch(key_pattern_requests(&pattern, &ks, "s"), key.text, 0), 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {every_key_is_told_apart, what_nobody_would_spell_is_unknown,
                                  a_node_in_another_bucket_is_unknown, patterns_match_their_keys_and_no_others};
    return SUITE_RUN("key names", tests);
}
