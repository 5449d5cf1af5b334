/* fsck_pools.c - members are dense, places mirror them, and each member is a node that serves the pair. */
#include "core/ctl/fsck_checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "lingua:v1:{de:en}:members" -> the pair. fsck.c has parsed the tag before. */
static lang_pair pair_of_key(const fsck *f, const char *key) {
    char tag[PAIR_MAX + 1] = "";
    lang_pair pair = {0};
    const char *from = key + strlen(f->keys->prefix) + 1;
    snprintf(tag, sizeof tag, "%.*s", (int)strcspn(from, "}"), from);
    lang_pair_parse(tag, &pair, NULL);
    return pair;
}

/* --- members ------------------------------------------------------------------------------------------------------ */

void fsck_ask_member(fsck *f, const fsck_entry *e) {
    char node_id[ID_MAX + 1];
    int64_t ver;
    redis_key key;
    if (!record_numbered(e->value, node_id, &ver)) return;
    lang_pair pair = pair_of_key(f, e->key);
    fsck_ask_about(f, "HGET", key_pool_places(&key, f->keys, pair.src, pair.tgt), node_id);
    fsck_ask_about(f, "HGETALL", key_node(&key, f->keys, node_id), NULL);
    fsck_ask_about(f, "HGETALL", key_node_langs(&key, f->keys, node_id), NULL);
}

/* Until a node is assigned, any of its generations may be the reason for a membership; afterwards only the current
 * one. */
static bool is_served(const redis_reply *node, const redis_reply *langs, const lang_pair *pair, int64_t member_ver) {
    const char *ver = record_field(node, "ver"), *aver = record_field(node, "aver");
    int64_t current;
    lang_service service;
    if (!record_whole(ver, 1, &current) || member_ver > current) return false;
    bool assigned = aver && !strcmp(ver, aver);
    if (assigned && member_ver != current) return false;
    for (size_t i = 0; i + 1 < reply_count(langs); i += 2) {
        bool counts = !assigned || !strcmp(reply_text(reply_at(langs, i)), ver);
        if (counts && record_offer(reply_text(reply_at(langs, i + 1)), &service) && lang_service_has(&service, pair))
            return true;
    }
    return false;
}

static void judge_node_of_member(fsck *f, const fsck_entry *e, int64_t ver, const redis_reply *node,
                                 const redis_reply *langs) {
    const char *status = record_field(node, "status");
    lang_pair pair = pair_of_key(f, e->key);
    if (!status || !strcmp(status, "offline"))
        fsck_note(f, FSCK_POOL_DEAD, e->key, e->name, "found member \"%s\" whose node %s, expected a live node",
                  e->value, status ? "is offline" : "does not exist");
    else if (!is_served(node, langs, &pair, ver))
        fsck_note(f, FSCK_POOL_STALE, e->key, e->name,
                  "found member \"%s\", expected a registration that serves the pair (the node has ver %s, aver %s)",
                  e->value, record_shown(node, "ver"), record_shown(node, "aver"));
}

void fsck_judge_member(fsck *f, const fsck_entry *e) {
    char node_id[ID_MAX + 1];
    int64_t ver, position;
    f->report->members++;
    if (!record_whole(e->name, 0, &position) || position >= e->size)
        fsck_note(f, FSCK_POOL_HOLE, e->key, e->name,
                  "found position %.20s of %" PRId64 " members, expected 0 to %" PRId64, e->name, e->size, e->size - 1);
    if (!record_numbered(e->value, node_id, &ver)) {
        fsck_note(f, FSCK_POOL_PLACE, e->key, e->name, "found \"%.80s\" at position %.20s, expected \"node ver\"",
                  e->value, e->name);
        return;
    }
    redis_reply *place = fsck_answer(f);
    redis_reply *node = fsck_answer(f);
    redis_reply *langs = fsck_answer(f);
    if (strcmp(reply_text(place), e->name) != 0)
        fsck_note(f, FSCK_POOL_PLACE, e->key, e->name, "found %s at position %.20s, its place says \"%.20s\"", node_id,
                  e->name, reply_text(place));
    judge_node_of_member(f, e, ver, node, langs);
    sync_reply_free(place);
    sync_reply_free(node);
    sync_reply_free(langs);
}

/* --- places ------------------------------------------------------------------------------------------------------- */

static bool is_position(const char *text) {
    return record_whole(text, 0, NULL);
}

void fsck_ask_place(fsck *f, const fsck_entry *e) {
    redis_key key;
    lang_pair pair = pair_of_key(f, e->key);
    if (is_position(e->value)) fsck_ask_about(f, "HGET", key_pool_members(&key, f->keys, pair.src, pair.tgt), e->value);
}

void fsck_judge_place(fsck *f, const fsck_entry *e) {
    redis_reply *member = is_position(e->value) ? fsck_answer(f) : NULL;
    size_t len = strlen(e->name);
    const char *text = reply_text(member);
    if (strncmp(text, e->name, len) != 0 || text[len] != ' ')
        fsck_note(f, FSCK_POOL_PLACE, e->key, e->name, "found %.64s at place %.20s, where the member is \"%.80s\"",
                  e->name, e->value, text);
    sync_reply_free(member);
}

/* --- tombstones --------------------------------------------------------------------------------------------------- */

void fsck_judge_tombstone(fsck *f, const char *key, const char *rest) {
    (void)rest;
    redis_reply *value = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    if (!fsck_wrong_type(f, key, value)) {
        if (!reply_is_nil(value) && !record_whole(reply_text(value), 1, NULL))
            fsck_note(f, FSCK_POOL_TOMBSTONE, key, "version", "found \"%.20s\", expected a version", reply_text(value));
        fsck_judge_ttl(f, FSCK_POOL_TOMBSTONE, key, ttl);
    }
    sync_reply_free(value);
    sync_reply_free(ttl);
}
