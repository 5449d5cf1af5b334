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

/* Of the record only what a membership depends on: there are many more members than nodes. */
static void ask_for_node(fsck *f, const char *node_id) {
    redis_key key;
    redis_call call;
    call_command(&call, "HMGET");
    call_key(&call, key_node(&key, f->keys, node_id));
    call_str(&call, "status");
    call_str(&call, "ver");
    call_str(&call, "aver");
    fsck_ask(f, &call);
}

typedef struct node_facts {
    const char *status, *ver, *aver; /* "" when they are not there */
} node_facts;

static node_facts facts_of(const redis_reply *node) {
    return (node_facts){reply_text(reply_at(node, 0)), reply_text(reply_at(node, 1)), reply_text(reply_at(node, 2))};
}

void fsck_ask_member(fsck *f, const fsck_entry *e) {
    char node_id[ID_MAX + 1];
    int64_t ver;
    redis_key key;
    if (!record_numbered(e->value, node_id, &ver)) return;
    lang_pair pair = pair_of_key(f, e->key);
    fsck_ask_about(f, "HGET", key_pool_places(&key, f->keys, pair.src, pair.tgt), node_id);
    ask_for_node(f, node_id);
    fsck_ask_about(f, "HGETALL", key_node_langs(&key, f->keys, node_id), NULL);
}

/* Until a node is assigned, any of its generations may be the reason for a membership; afterwards only the current
 * one. */
static bool is_served(const node_facts *node, const redis_reply *langs, const lang_pair *pair, int64_t member_ver) {
    int64_t current;
    lang_service service;
    if (!record_whole(node->ver, 1, &current) || member_ver > current) return false;
    bool assigned = !strcmp(node->ver, node->aver);
    if (assigned && member_ver != current) return false;
    for (size_t i = 0; i + 1 < reply_count(langs); i += 2) {
        bool counts = !assigned || !strcmp(reply_text(reply_at(langs, i)), node->ver);
        if (counts && record_offer(reply_text(reply_at(langs, i + 1)), &service) && lang_service_has(&service, pair))
            return true;
    }
    return false;
}

static void judge_node_of_member(fsck *f, const fsck_entry *e, int64_t ver, const node_facts *node,
                                 const redis_reply *langs) {
    lang_pair pair = pair_of_key(f, e->key);
    if (!*node->status || !strcmp(node->status, "offline"))
        fsck_note(f, FSCK_POOL_DEAD, e->key, e->name, "found member \"%s\" whose node %s, expected a live node",
                  e->value, *node->status ? "is offline" : "does not exist");
    else if (!is_served(node, langs, &pair, ver))
        fsck_note(f, FSCK_POOL_STALE, e->key, e->name,
                  "found member \"%s\", expected a registration that serves the pair (the node has ver %s, aver %s)",
                  e->value, node->ver, node->aver);
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
    node_facts facts = facts_of(node);
    judge_node_of_member(f, e, ver, &facts, langs);
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
