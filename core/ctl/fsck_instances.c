/* fsck_instances.c - instances: each key of one ends by its TTL, and the list of all leads to every inbox, so that a survivor finds
 * it. */
#include "core/ctl/fsck_checks.h"

#include "core/domain/ids.h"

#include <stdio.h>
#include <string.h>

enum { HOST_MAX_BYTES = 128 };

/* "{i:ID}:name": the instance of a key. */
static const char *instance_of(const fsck *f, const char *key, char id[ID_MAX + 1]) {
    key_name name = key_name_of(f->keys, key);
    snprintf(id, ID_MAX + 1, "%.*s", ID_MAX, name.tag + strlen("i:"));
    return id;
}

void fsck_judge_presence(fsck *f, const char *key, const char *rest) {
    (void)rest;
    f->report->instances++;
    redis_reply *presence = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    if (!fsck_wrong_type(f, key, presence) && reply_count(presence)) {
        const char *token = record_field(presence, "token"), *address = record_field(presence, "address");
        const char *host = record_field(presence, "host");
        const struct {
            const char *field;
            bool good;
        } fields[] = {
            {"token", token && id_valid(token)},
            {"address", address && strlen(address) <= HOST_MAX_BYTES},
            {"host", host && strlen(host) <= HOST_MAX_BYTES},
            {"pid", record_whole(record_field(presence, "pid"), 0, NULL)},
            {"since", record_whole(record_field(presence, "since"), 1, NULL)},
        };
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            if (!fields[i].good)
                fsck_note(f, FSCK_INSTANCE, key, fields[i].field,
                          "found %s \"%.40s\", expected what instance_beat writes", fields[i].field,
                          record_shown(presence, fields[i].field));
        fsck_judge_ttl(f, FSCK_INSTANCE, key, ttl);
    }
    sync_reply_free(presence);
    sync_reply_free(ttl);
}

void fsck_ask_dead(fsck *f, const char *key, const char *rest) {
    (void)rest;
    fsck_ask_about(f, "XLEN", key, NULL);
    fsck_ask_about(f, "PTTL", key, NULL);
}

void fsck_judge_dead(fsck *f, const char *key, const char *rest) {
    (void)rest;
    redis_reply *entries = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    if (!fsck_wrong_type(f, key, entries)) fsck_judge_ttl(f, FSCK_INSTANCE, key, ttl);
    sync_reply_free(entries);
    sync_reply_free(ttl);
}

void fsck_ask_inbox(fsck *f, const char *key, const char *rest) {
    redis_key about;
    char id[ID_MAX + 1];
    fsck_ask_dead(f, key, rest);
    instance_of(f, key, id);
    fsck_ask_about(f, "EXISTS", key_instance_presence(&about, f->keys, id), NULL);
    fsck_ask_about(f, "ZSCORE", key_instances(&about, f->keys), id);
}

void fsck_judge_inbox(fsck *f, const char *key, const char *rest) {
    (void)rest;
    redis_reply *entries = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    redis_reply *present = fsck_answer(f);
    redis_reply *listed = fsck_answer(f);
    if (!fsck_wrong_type(f, key, entries)) {
        fsck_judge_ttl(f, FSCK_INSTANCE, key, ttl);
        if (!reply_int(present) && reply_is_nil(listed))
            fsck_note(f, FSCK_ORPHAN, key, "",
                      "found %lld entries of an instance that is neither present nor listed, expected "
                      "that a survivor can find it",
                      (long long)reply_int(entries));
    }
    sync_reply_free(entries);
    sync_reply_free(ttl);
    sync_reply_free(present);
    sync_reply_free(listed);
}

void fsck_judge_adopter(fsck *f, const char *key, const char *rest) {
    (void)rest;
    redis_reply *adopter = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    if (!reply_is_nil(adopter) && !fsck_wrong_type(f, key, adopter)) {
        if (!id_valid(reply_text(adopter)))
            fsck_note(f, FSCK_INSTANCE, key, "value", "found \"%.80s\", expected the id of an instance",
                      reply_text(adopter));
        fsck_judge_ttl(f, FSCK_INSTANCE, key, ttl);
    }
    sync_reply_free(adopter);
    sync_reply_free(ttl);
}

/* ---- the list ------------------------------------------------------------------------------------------------------- */

void fsck_judge_instances(fsck *f, const char *key, const char *rest) {
    (void)rest;
    redis_reply *ttl = fsck_answer(f);
    fsck_judge_ttl(f, FSCK_INSTANCE, key, ttl);
    sync_reply_free(ttl);
}

void fsck_ask_listed(fsck *f, const fsck_entry *e) {
    redis_key about;
    if (!id_valid(e->name)) return;
    fsck_ask_about(f, "EXISTS", key_instance_presence(&about, f->keys, e->name), NULL);
    fsck_ask_about(f, "EXISTS", key_instance_inbox(&about, f->keys, e->name), NULL);
    fsck_ask_about(f, "EXISTS", key_instance_tombstone(&about, f->keys, e->name), NULL);
}

void fsck_judge_listed(fsck *f, const fsck_entry *e) {
    int64_t found = 0;
    if (!id_valid(e->name)) {
        fsck_note(f, FSCK_INSTANCE, e->key, e->name, "found \"%.80s\", expected the id of an instance", e->name);
        return;
    }
    for (int i = 0; i < 3; i++) {
        redis_reply *exists = fsck_answer(f);
        found += reply_int(exists);
        sync_reply_free(exists);
    }
    if (!found)
        fsck_note(f, FSCK_ORPHAN, e->key, e->name,
                  "found %.64s, of which there is neither presence nor inbox nor tombstone, expected "
                  "that its adopter struck it out",
                  e->name);
}
