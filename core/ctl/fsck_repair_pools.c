/* fsck_repair_pools.c - pools: positions are made dense and mirrored again, members are taken out or get the version under which
 * their node serves the pair now.
 *
 * The scripts of the pools rely on what is broken here (pool_leave follows places into members), so positions and places are put
 * right by plain commands, under WATCH of both hashes; only then is anybody taken out. */
#include "core/ctl/departure.h"
#include "core/ctl/fsck_plans.h"

#include "core/domain/ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { AT_ONCE = 50, TOMBSTONE_LEAST_MSEC = 1 };

typedef struct pool {
    lang_pair pair;
    redis_key members, places;
    int64_t size;
} pool;

static pool pool_of(fsck_plan *p) {
    pool pl = {.size = 0};
    lang_pair_parse(p->name.tag, &pl.pair, NULL);
    key_pool_members(&pl.members, p->f->keys, pl.pair.src, pl.pair.tgt);
    key_pool_places(&pl.places, p->f->keys, pl.pair.src, pl.pair.tgt);
    redis_reply *size = plan_read(p, "HLEN", pl.members.text, NULL);
    pl.size = reply_int(size);
    sync_reply_free(size);
    return pl;
}

typedef struct member {
    bool there, good; /* good: "node ver" */
    char text[FSCK_VALUE_MAX + 1], node[ID_MAX + 1];
    int64_t version;
} member;

static member member_at(fsck_plan *p, const pool *pl, const char *position) {
    member m = {.there = false};
    redis_reply *value = plan_read(p, "HGET", pl->members.text, position);
    m.there = value && !reply_is_nil(value);
    snprintf(m.text, sizeof m.text, "%s", reply_text(value));
    m.good = record_numbered(reply_text(value), m.node, &m.version);
    sync_reply_free(value);
    return m;
}

/* "" when it has none. */
static void place_of(fsck_plan *p, const pool *pl, const char *node_id, char place[24]) {
    redis_reply *reply = plan_read(p, "HGET", pl->places.text, node_id);
    snprintf(place, 24, "%s", record_whole(reply_text(reply), 0, NULL) ? reply_text(reply) : "");
    sync_reply_free(reply);
}

static void set_entry(fsck_plan *p, const char *key, const char *name, const char *value) {
    redis_call *call = plan_call(p, "HSET", key);
    call_str(call, name);
    call_str(call, value);
}

/* ---- holes ----------------------------------------------------------------------------------------------------------- */

static void ask_for_positions(fsck_plan *p, const pool *pl, int64_t from, int64_t end) {
    redis_call call;
    call_command(&call, "HMGET");
    call_key(&call, pl->members.text);
    for (int64_t i = from; i < end; i++) call_int(&call, i);
    fsck_ask(p->f, &call);
}

/* The lowest position below the pool's size that nobody has; -1 when there is none. Fifty in a question, and as many questions
 * together as a pipeline takes. */
static int64_t lowest_hole(fsck_plan *p, const pool *pl) {
    enum { CHUNK = AT_ONCE * 100 };
    int64_t hole = -1;
    for (int64_t from = 0; from < pl->size && hole < 0 && !p->f->ask.status; from += CHUNK) {
        int64_t end = pl->size < from + CHUNK ? pl->size : from + CHUNK;
        for (int64_t i = from; i < end; i += AT_ONCE)
            ask_for_positions(p, pl, i, i + AT_ONCE < end ? i + AT_ONCE : end);
        for (int64_t i = from; i < end; i += AT_ONCE) {
            redis_reply *values = fsck_answer(p->f);
            for (size_t k = 0; k < reply_count(values) && hole < 0; k++)
                if (reply_is_nil(reply_at(values, k))) hole = i + (int64_t)k;
            sync_reply_free(values);
        }
    }
    return hole;
}

const char *plan_pool_hole(fsck_plan *p) {
    const char *position = p->finding->subject;
    char place[24] = "", hole_text[24];
    pool pl = pool_of(p);
    member m = member_at(p, &pl, position);
    if (m.good) place_of(p, &pl, m.node, place);
    int64_t hole = lowest_hole(p, &pl);
    if (!m.good || (*place && strcmp(place, position) != 0) || hole < 0) {
        plan_remove(p, "HDEL", pl.members.text, position);
        plan_says(p, "removed position %.20s, which is no node's place", position);
        return NULL;
    }
    snprintf(hole_text, sizeof hole_text, "%" PRId64, hole);
    set_entry(p, pl.members.text, hole_text, m.text);
    set_entry(p, pl.places.text, m.node, hole_text);
    plan_remove(p, "HDEL", pl.members.text, position);
    plan_says(p, "moved %s from position %.20s to %s", m.node, position, hole_text);
    return NULL;
}

/* ---- places ---------------------------------------------------------------------------------------------------------- */

/* As pool_leave does: the last member moves into the hole. */
static void take_out(fsck_plan *p, const pool *pl, const char *position) {
    char last_text[24];
    snprintf(last_text, sizeof last_text, "%" PRId64, pl->size - 1);
    member last = member_at(p, pl, last_text);
    if (!last.good || !strcmp(last_text, position)) {
        plan_remove(p, "HDEL", pl->members.text, position);
        return;
    }
    set_entry(p, pl->members.text, position, last.text);
    set_entry(p, pl->places.text, last.node, position);
    plan_remove(p, "HDEL", pl->members.text, last_text);
}

static const char *plan_place_of_member(fsck_plan *p) {
    const char *position = p->finding->subject;
    char place[24] = "";
    pool pl = pool_of(p);
    member m = member_at(p, &pl, position);
    if (m.good) place_of(p, &pl, m.node, place);
    member other = *place ? member_at(p, &pl, place) : (member){.there = false};
    if (m.good && !(other.good && !strcmp(other.node, m.node))) {
        set_entry(p, pl.places.text, m.node, position);
        plan_says(p, "set the place of %s to %.20s, where it stands", m.node, position);
        return NULL;
    }
    take_out(p, &pl, position);
    if (m.good)
        plan_says(p, "took %s out of position %.20s; it stands at %s, too", m.node, position, place);
    else
        plan_says(p, "took what is no member out of position %.20s", position);
    return NULL;
}

const char *plan_pool_place(fsck_plan *p) {
    if (p->name.kind == KEY_MEMBERS) return plan_place_of_member(p);
    plan_remove(p, "HDEL", p->finding->key, p->finding->subject);
    plan_says(p, "removed the place of %.64s, where it does not stand", p->finding->subject);
    return NULL;
}

/* ---- members --------------------------------------------------------------------------------------------------------- */

/* A version from the future would keep the node away for as long as its tombstone lives. */
static int64_t tombstone_of(const fsck_plan *p, int64_t version) {
    return version > p->now ? TOMBSTONE_LEAST_MSEC : DEPARTURE_TOMBSTONE_MSEC;
}

const char *plan_pool_dead(fsck_plan *p) {
    pool pl = pool_of(p);
    member m = member_at(p, &pl, p->finding->subject);
    departure_leave_call(&p->calls[p->count++], p->f->keys, &pl.pair, m.node, m.version, tombstone_of(p, m.version));
    plan_says(p, "took %s out of the pool", m.node);
    return NULL;
}

/* The version under which the node is assigned, when that serves the pair; else 0. */
static int64_t serving_version(fsck_plan *p, const char *node_id, const lang_pair *pair) {
    redis_key key;
    lang_service service;
    int64_t version = 0;
    redis_reply *node = plan_read(p, "HGETALL", key_node(&key, p->f->keys, node_id), NULL);
    redis_reply *langs = plan_read(p, "HGETALL", key_node_langs(&key, p->f->keys, node_id), NULL);
    const char *ver = record_field(node, "ver"), *assigned = record_field(node, "aver");
    bool good = ver && assigned && !strcmp(ver, assigned) && record_offer(record_field(langs, ver), &service);
    if (good && lang_service_has(&service, pair)) record_whole(ver, 1, &version);
    sync_reply_free(node);
    sync_reply_free(langs);
    return version;
}

const char *plan_pool_stale(fsck_plan *p) {
    pool pl = pool_of(p);
    member m = member_at(p, &pl, p->finding->subject);
    int64_t version = serving_version(p, m.node, &pl.pair);
    if (!version) return plan_pool_dead(p);
    char text[ID_MAX + 24];
    snprintf(text, sizeof text, "%s %" PRId64, m.node, version);
    set_entry(p, pl.members.text, p->finding->subject, text);
    plan_says(p, "gave %s the version of its present registration, which serves the pair", m.node);
    return NULL;
}

/* The finding's key is the node's, its subject the pair. */
const char *plan_pool_absent(fsck_plan *p) {
    lang_pair pair;
    redis_key key;
    const char *node_id = p->name.rest;
    if (lang_pair_parse(p->finding->subject, &pair, NULL)) return "its pair does not parse";
    int64_t version = serving_version(p, node_id, &pair), left = 0;
    redis_reply *tombstone = plan_read(p, "GET", key_pool_left(&key, p->f->keys, pair.src, pair.tgt, node_id), NULL);
    record_whole(reply_text(tombstone), 1, &left);
    sync_reply_free(tombstone);
    if (left > version) return "it has left with a later registration; that is forgotten within a minute";
    if (left)
        plan_call(p, "UNLINK", key.text); /* of this registration, and yet the node is assigned: it left by mistake */
    redis_call *call = &p->calls[p->count++];
    call_script(call, SCRIPT_POOL_JOIN);
    call_key(call, key_pool_members(&key, p->f->keys, pair.src, pair.tgt));
    call_key(call, key_pool_places(&key, p->f->keys, pair.src, pair.tgt));
    call_key(call, key_pool_left(&key, p->f->keys, pair.src, pair.tgt, node_id));
    call_str(call, node_id);
    call_int(call, version);
    plan_says(p, "joined %s", p->finding->subject);
    return NULL;
}

const char *plan_pool_tombstone(fsck_plan *p) {
    if (*p->finding->subject) {
        plan_call(p, "UNLINK", p->finding->key);
        plan_says(p, "removed it");
    } else {
        plan_set_ttl(p, p->finding->key, DEPARTURE_TOMBSTONE_MSEC);
        plan_says(p, "gave it a TTL of 1 min");
    }
    return NULL;
}
