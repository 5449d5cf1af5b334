/* cmd_sessions.c - sessions and rooms. No index lists them; they are found by the names of their keys, and a session's jobs by the
 * names of their requests (session:utterance:target, unless the speaker gave them other names). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/key_names.h"
#include "core/ctl/record.h"
#include "core/ctl/show.h"
#include "core/domain/ids.h"

/* ---- one session ----------------------------------------------------------------------------------------------------- */

static const ctl_usage session_usage = {
    "ID",
    1,
    1,
    "One session: who holds it, which way it translates, its room, the nodes that its sentences stay on (affinities), "
    "and its\n"
    "jobs that are not forgotten yet. Looks through all keys of the namespace, in bounded batches.\n",
    "session s-17\nsession s-17 --json\n",
};

static const show_column session_columns[] = {
    {"session", "session", SHOW_PLAIN}, {"owner", "owner", SHOW_PLAIN},     {"from", "src", SHOW_PLAIN},
    {"to", "tgt", SHOW_PLAIN},          {"both ways", "two_way", SHOW_YES}, {"room", "room", SHOW_PLAIN},
    {"opened ago", "opened", SHOW_AGO}, {"ends in", "ends", SHOW_IN},
};

typedef struct session_reading {
    ctl *c;
    json_t *into;
    int64_t now;
} session_reading;

static void set_instant(const session_reading *r, json_t *object, const char *field, const redis_reply *ttl) {
    if (reply_int(ttl) > 0) show_set_number(object, field, r->now + reply_int(ttl));
}

static void add_affinity(session_reading *r, const char *key) {
    key_name name = key_name_of(&r->c->keys, key);
    if (name.kind != KEY_AFFINITY) return;
    redis_reply *value = asker_call_about(&r->c->ask, "GET", key, NULL);
    redis_reply *ttl = asker_call_about(&r->c->ask, "PTTL", key, NULL);
    const char *space = strchr(reply_text(value), ' ');
    json_t *object = json_object();
    show_set_text(object, "target", name.rest);
    show_set_text(object, "node", space ? space + 1 : reply_text(value));
    show_set_number(object, "turn", reply_int(value));
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
    call_key(&call, key_job(&key, &r->c->keys, job_id));
    call_str(&call, "state");
    call_str(&call, "attempt");
    call_str(&call, "node");
    call_str(&call, "outcome");
    redis_reply *job = asker_call(&r->c->ask, &call);
    json_t *object = json_object();
    show_set_text(object, "request", request_id);
    show_set_text(object, "job", job_id);
    show_set_text(object, "state", reply_text(reply_at(job, 0)));
    show_set_text(object, "node", reply_text(reply_at(job, 2)));
    show_set_text(object, "outcome", reply_text(reply_at(job, 3)));
    show_set_number(object, "attempt", reply_int(reply_at(job, 1)));
    json_array_append_new(r->into, object);
    sync_reply_free(job);
}

static void add_jobs(void *ctx, const redis_reply *keys) {
    session_reading *r = ctx;
    for (size_t i = 0; i < reply_count(keys); i++) {
        key_name name = key_name_of(&r->c->keys, reply_text(reply_at(keys, i)));
        if (name.kind != KEY_REQUEST) continue;
        redis_reply *bound = asker_call_about(&r->c->ask, "GET", reply_text(reply_at(keys, i)), NULL);
        add_job(r, name.rest, reply_text(bound));
        sync_reply_free(bound);
    }
}

static json_t *collect(ctl *c, const char *pattern, asker_visit *visit, const char *order, int64_t now) {
    session_reading r = {c, json_array(), now};
    asker_scan(&c->ask, pattern, visit, &r);
    show_sort(r.into, order);
    return r.into;
}

static json_t *session_json(const session_reading *r, const char *id, const redis_reply *record,
                            const redis_reply *ttl) {
    static const char *const texts[] = {"owner", "src", "tgt", "room"};
    json_t *session = json_object();
    int64_t opened;
    const char *two_way = record_field(record, "two_way");
    show_set_text(session, "session", id);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *value = record_field(record, texts[i]);
        if (value && *value) show_set_text(session, texts[i], value);
    }
    show_set_truth(session, "two_way", two_way && !strcmp(two_way, "1"));
    if (record_whole(record_field(record, "opened"), 1, &opened)) show_set_number(session, "opened", opened);
    set_instant(r, session, "ends", ttl);
    return session;
}

static void print_session(const ctl *c, json_t *session, int64_t now) {
    static const show_column affinities[] = {{"target", "target", SHOW_PLAIN},
                                             {"node", "node", SHOW_PLAIN},
                                             {"turn", "turn", SHOW_PLAIN},
                                             {"for", "until", SHOW_IN}};
    static const show_column jobs[] = {{"request", "request", SHOW_PLAIN}, {"job", "job", SHOW_PLAIN},
                                       {"state", "state", SHOW_PLAIN},     {"node", "node", SHOW_PLAIN},
                                       {"outcome", "outcome", SHOW_PLAIN}, {"attempt", "attempt", SHOW_PLAIN}};
    if (c->json) {
        ctl_print_json(json_pack("{s:I,s:O}", "now", (json_int_t)now, "session", session));
        return;
    }
    show_record(session, session_columns, sizeof session_columns / sizeof *session_columns, now, stdout);
    show_part("affinities", json_object_get(session, "affinities"), affinities, 4, 2, now, stdout);
    show_part("jobs", json_object_get(session, "jobs"), jobs, 6, 5, now, stdout);
}

static int show_session(ctl *c, const char *id) {
    redis_key key;
    session_reading r = {c, NULL, asker_now(&c->ask)};
    redis_reply *record = asker_call_about(&c->ask, "HGETALL", key_session(&key, &c->keys, id), NULL);
    redis_reply *ttl = asker_call_about(&c->ask, "PTTL", key.text, NULL);
    int code = reply_count(record) ? CTL_FINE : ctl_failed(c, "no session %s is open", id);
    if (!code) {
        json_t *session = session_json(&r, id, record, ttl);
        json_object_set_new(session, "affinities",
                            collect(c, key_pattern_session(&key, &c->keys, id), add_affinities, "target", r.now));
        json_object_set_new(session, "jobs",
                            collect(c, key_pattern_requests(&key, &c->keys, id), add_jobs, "request", r.now));
        if (!c->ask.status) print_session(c, session, r.now);
        json_decref(session);
    }
    sync_reply_free(record);
    sync_reply_free(ttl);
    return code;
}

int cmd_session(int argc, char **argv) {
    ctl c;
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, &session_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (id_check("session id", c.words[0], &c.err)) return ctl_end(&c, CTL_USAGE);
    ctl_connect(&c);
    return ctl_end(&c, show_session(&c, c.words[0]));
}

/* ---- rooms ----------------------------------------------------------------------------------------------------------- */

static const ctl_usage rooms_usage = {
    "[CODE]",
    0,
    1,
    "The rooms, by their codes, or the members of one. A room ends by itself when nobody has joined or spoken for a "
    "while.\n",
    "rooms\nrooms 482913\nrooms --json\n",
};

/* "lang owner joined name": the first three words and the rest. */
static json_t *member_json(const char *session, const char *value) {
    json_t *object = json_object();
    char lang[LANG_MAX + 2] = "", owner[130] = "";
    long long joined = 0;
    int at = 0;
    show_set_text(object, "session", session);
    if (sscanf(value, "%17s %129s %lld%n", lang, owner, &joined, &at) == 3) {
        show_set_text(object, "hears", strcmp(lang, "-") ? lang : "");
        show_set_text(object, "name", value[at] ? value + at + 1 : "");
        show_set_text(object, "owner", owner);
        show_set_number(object, "joined", joined);
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
    show_set_text(room, "languages", lang_list_text(text, &langs));
}

/* NULL when there is no such room. */
static json_t *read_room(ctl *c, const char *code, int64_t now) {
    redis_key key;
    session_reading r = {c, NULL, now};
    redis_reply *made = asker_call_about(&c->ask, "HGET", key_room(&key, &c->keys, code), "made");
    redis_reply *ttl = asker_call_about(&c->ask, "PTTL", key.text, NULL);
    json_t *room = NULL, *members = json_array();
    asker_scan_entries(&c->ask, "HSCAN", key.text, add_member, members);
    show_sort(members, "session");
    if (json_array_size(members) || *reply_text(made)) {
        room = json_object();
        show_set_text(room, "room", code);
        show_set_number(room, "count", (int64_t)json_array_size(members));
        set_languages(room, members);
        if (*reply_text(made)) show_set_number(room, "made", reply_int(made));
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
        key_name name = key_name_of(&r->c->keys, reply_text(reply_at(keys, i)));
        json_t *room = name.kind == KEY_ROOM ? read_room(r->c, name.tag + strlen("r:"), r->now) : NULL;
        if (room) json_array_append_new(r->into, room);
    }
}

static void show_rooms(ctl *c) {
    static const show_column columns[] = {
        {"room", "room", SHOW_PLAIN},   {"languages", "languages", SHOW_PLAIN}, {"members", "count", SHOW_PLAIN},
        {"made ago", "made", SHOW_AGO}, {"ends in", "ends", SHOW_IN},
    };
    redis_key key;
    int64_t now = asker_now(&c->ask);
    json_t *rooms = collect(c, key_pattern_named(&key, &c->keys, "room"), add_rooms, "room", now);
    if (!c->ask.status && c->json) ctl_print_json(json_pack("{s:I,s:O}", "now", (json_int_t)now, "rooms", rooms));
    if (!c->ask.status && !c->json) show_table(rooms, columns, 5, 2, now, stdout);
    json_decref(rooms);
}

static int show_room(ctl *c, const char *code) {
    static const show_column columns[] = {{"session", "session", SHOW_PLAIN},
                                          {"name", "name", SHOW_PLAIN},
                                          {"hears", "hears", SHOW_PLAIN},
                                          {"owner", "owner", SHOW_PLAIN},
                                          {"joined ago", "joined", SHOW_AGO}};
    int64_t now = asker_now(&c->ask);
    json_t *room = read_room(c, code, now);
    if (!room) return ctl_failed(c, "no room %s", code);
    if (!c->ask.status && c->json) ctl_print_json(json_pack("{s:I,s:O}", "now", (json_int_t)now, "room", room));
    if (!c->ask.status && !c->json) show_table(json_object_get(room, "members"), columns, 5, 4, now, stdout);
    json_decref(room);
    return CTL_FINE;
}

int cmd_rooms(int argc, char **argv) {
    ctl c;
    redis_key key;
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, &rooms_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    const char *room = c.word_count ? c.words[0] : NULL;
    if (room && (strlen(room) > ID_MAX || key_name_of(&c.keys, key_room(&key, &c.keys, room)).kind != KEY_ROOM))
        return ctl_end(&c, ctl_misused(&c, "room \"%s\": expected six digits", room));
    ctl_connect(&c);
    if (room)
        code = show_room(&c, room);
    else
        show_rooms(&c);
    return ctl_end(&c, room ? code : CTL_FINE);
}
