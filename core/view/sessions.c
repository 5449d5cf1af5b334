/* sessions.c - sessions and rooms. No index lists them; they are found by the names of their keys, and a session's jobs by the
 * names of their requests (session:utterance:target, unless the speaker gave them other names). */
#include "core/view/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain/ids.h"
#include "core/view/key_names.h"
#include "core/view/members.h"
#include "core/view/record.h"

/* ---- one session ----------------------------------------------------------------------------------------------------- */

typedef struct session_reading {
    asker *ask;
    const keyspace *keys;
    json_t *into;
    int64_t now;
} session_reading;

static void set_instant(const session_reading *r, json_t *object, const char *field, const redis_reply *ttl) {
    if (reply_int(ttl) > 0) view_set_number(object, field, r->now + reply_int(ttl));
}

static void add_affinity(session_reading *r, const char *key) {
    key_name name = key_name_of(r->keys, key);
    if (name.kind != KEY_AFFINITY) return;
    redis_reply *value = asker_call_about(r->ask, "GET", key, NULL);
    redis_reply *ttl = asker_call_about(r->ask, "PTTL", key, NULL);
    const char *space = strchr(reply_text(value), ' ');
    json_t *object = json_object();
    view_set_text(object, "target", name.rest);
    view_set_text(object, "node", space ? space + 1 : reply_text(value));
    view_set_number(object, "turn", reply_int(value));
    set_instant(r, object, "until", ttl);
    json_array_append_new(r->into, object);
    sync_reply_free(value);
    sync_reply_free(ttl);
}

static void add_affinities(void *ctx, const redis_reply *keys) {
    for (size_t i = 0; i < reply_count(keys); i++) add_affinity(ctx, reply_text(reply_at(keys, i)));
}

static void add_job(session_reading *r, const char *request_id, const char *job_id) {
    redis_key key;
    redis_call call;
    unsigned bucket;
    if (!id_valid(job_id) || !job_bucket_of_job(job_id, &bucket)) return;
    call_command(&call, "HMGET");
    call_key(&call, key_job(&key, r->keys, job_id));
    call_str(&call, "state");
    call_str(&call, "attempt");
    call_str(&call, "node");
    call_str(&call, "outcome");
    redis_reply *job = asker_call(r->ask, &call);
    json_t *object = json_object();
    view_set_text(object, "request", request_id);
    view_set_text(object, "job", job_id);
    view_set_text(object, "state", reply_text(reply_at(job, 0)));
    view_set_text(object, "node", reply_text(reply_at(job, 2)));
    view_set_text(object, "outcome", reply_text(reply_at(job, 3)));
    view_set_number(object, "attempt", reply_int(reply_at(job, 1)));
    json_array_append_new(r->into, object);
    sync_reply_free(job);
}

static void add_jobs(void *ctx, const redis_reply *keys) {
    session_reading *r = ctx;
    for (size_t i = 0; i < reply_count(keys); i++) {
        key_name name = key_name_of(r->keys, reply_text(reply_at(keys, i)));
        if (name.kind != KEY_REQUEST) continue;
        redis_reply *bound = asker_call_about(r->ask, "GET", reply_text(reply_at(keys, i)), NULL);
        add_job(r, name.rest, reply_text(bound));
        sync_reply_free(bound);
    }
}

static json_t *collect(asker *ask, const keyspace *ks, const char *pattern, asker_visit *visit, const char *order,
                       int64_t now) {
    session_reading r = {ask, ks, json_array(), now};
    asker_scan(ask, pattern, visit, &r);
    view_sort(r.into, order);
    return r.into;
}

static json_t *session_json(const session_reading *r, const char *id, const redis_reply *record,
                            const redis_reply *ttl) {
    static const char *const texts[] = {"owner", "src", "tgt", "room"};
    json_t *session = json_object();
    int64_t opened;
    const char *two_way = record_field(record, "two_way");
    view_set_text(session, "session", id);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *value = record_field(record, texts[i]);
        if (value && *value) view_set_text(session, texts[i], value);
    }
    view_set_truth(session, "two_way", two_way && !strcmp(two_way, "1"));
    if (record_whole(record_field(record, "opened"), 1, &opened)) view_set_number(session, "opened", opened);
    set_instant(r, session, "ends", ttl);
    return session;
}

json_t *view_session(asker *ask, const keyspace *ks, const char *session_id) {
    redis_key key;
    session_reading r = {ask, ks, NULL, asker_now(ask)};
    redis_reply *record = asker_call_about(ask, "HGETALL", key_session(&key, ks, session_id), NULL);
    redis_reply *ttl = asker_call_about(ask, "PTTL", key.text, NULL);
    json_t *document = NULL;
    if (reply_count(record)) {
        json_t *session = session_json(&r, session_id, record, ttl);
        json_object_set_new(session, "affinities",
                            collect(ask, ks, key_pattern_session(&key, ks, session_id), add_affinities, "target",
                                    r.now));
        json_object_set_new(session, "jobs",
                            collect(ask, ks, key_pattern_requests(&key, ks, session_id), add_jobs, "request", r.now));
        document = view_told(ask, view_one(r.now, "session", session));
    }
    sync_reply_free(record);
    sync_reply_free(ttl);
    return document;
}

/* ---- rooms ----------------------------------------------------------------------------------------------------------- */

/* "lang owner joined name": the first three words and the rest. */
static json_t *member_json(const char *session, const char *value) {
    json_t *object = json_object();
    char lang[LANG_MAX + 2] = "", owner[130] = "";
    long long joined = 0;
    int at = 0;
    view_set_text(object, "session", session);
    if (sscanf(value, "%17s %129s %lld%n", lang, owner, &joined, &at) == 3) {
        view_set_text(object, "hears", strcmp(lang, "-") ? lang : "");
        view_set_text(object, "name", value[at] ? value + at + 1 : "");
        view_set_text(object, "owner", owner);
        view_set_number(object, "joined", joined);
    }
    return object;
}

static void add_member(void *ctx, const redis_reply *batch) {
    for (size_t i = 0; i + 1 < reply_count(batch); i += 2) {
        const char *name = reply_text(reply_at(batch, i));
        if (strncmp(name, "m:", 2) != 0) continue;
        json_array_append_new(ctx, member_json(name + 2, reply_text(reply_at(batch, i + 1))));
    }
}

/* "de en", each once. */
static void set_languages(json_t *room, const json_t *members) {
    lang_list langs = {.count = 0};
    char text[LANG_LIST_TEXT_MAX];
    for (size_t i = 0; i < json_array_size(members); i++) {
        char tag[LANG_MAX + 1];
        const char *hears = json_string_value(json_object_get(json_array_get(members, i), "hears"));
        if (hears && !lang_tag_parse(hears, tag, NULL)) lang_list_add(&langs, tag, NULL);
    }
    view_set_text(room, "languages", lang_list_text(text, &langs));
}

/* NULL when there is no such room. */
static json_t *read_room(asker *ask, const keyspace *ks, const char *code, int64_t now) {
    redis_key key;
    session_reading r = {ask, ks, NULL, now};
    redis_reply *made = asker_call_about(ask, "HGET", key_room(&key, ks, code), "made");
    redis_reply *ttl = asker_call_about(ask, "PTTL", key.text, NULL);
    json_t *room = NULL, *members = json_array();
    asker_scan_entries(ask, "HSCAN", key.text, add_member, members);
    view_sort(members, "session");
    if (json_array_size(members) || *reply_text(made)) {
        room = json_object();
        view_set_text(room, "room", code);
        view_set_number(room, "count", (int64_t)json_array_size(members));
        set_languages(room, members);
        if (*reply_text(made)) view_set_number(room, "made", reply_int(made));
        set_instant(&r, room, "ends", ttl);
        json_object_set(room, "members", members);
    }
    json_decref(members);
    sync_reply_free(made);
    sync_reply_free(ttl);
    return room;
}

static void add_rooms(void *ctx, const redis_reply *keys) {
    session_reading *r = ctx;
    for (size_t i = 0; i < reply_count(keys); i++) {
        key_name name = key_name_of(r->keys, reply_text(reply_at(keys, i)));
        json_t *room = name.kind == KEY_ROOM ? read_room(r->ask, r->keys, name.tag + strlen("r:"), r->now) : NULL;
        if (room) json_array_append_new(r->into, room);
    }
}

json_t *view_rooms(asker *ask, const keyspace *ks) {
    redis_key key;
    int64_t now = asker_now(ask);
    return view_told(ask, view_one(now, "rooms",
                                   collect(ask, ks, key_pattern_named(&key, ks, "room"), add_rooms, "room", now)));
}

json_t *view_room(asker *ask, const keyspace *ks, const char *code) {
    int64_t now = asker_now(ask);
    json_t *room = read_room(ask, ks, code, now);
    return room ? view_told(ask, view_one(now, "room", room)) : NULL;
}
