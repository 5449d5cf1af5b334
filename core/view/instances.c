/* instances.c - instances of the scheduler, what is in the inbox of one, and dead letters.
 *
 * The list in Redis names those that live and those that nobody has adopted yet; of others only what they left behind tells, and
 * that is found by the names of the keys. */
#include "core/view/view.h"

#include <stdlib.h>
#include <string.h>

#include "core/domain/ids.h"
#include "core/view/entries.h"
#include "core/view/key_names.h"
#include "core/view/members.h"
#include "core/view/record.h"

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

/* Names that were found, each with an object of what is known. */
typedef struct roll {
    const keyspace *keys;
    json_t *by_id;
} roll;

static json_t *entry_of(roll *r, const char *id) {
    json_t *object = json_object_get(r->by_id, id);
    if (object) return object;
    object = json_object();
    view_set_text(object, "instance", id);
    json_object_set_new(r->by_id, id, object);
    return object;
}

static void add_listed(void *ctx, const redis_reply *batch) {
    for (size_t i = 0; i + 1 < reply_count(batch); i += 2) {
        const char *id = reply_text(reply_at(batch, i));
        if (id_valid(id))
            view_set_number(entry_of(ctx, id), "seen", (int64_t)strtod(reply_text(reply_at(batch, i + 1)), NULL));
    }
}

static void add_named(void *ctx, const redis_reply *keys) {
    roll *r = ctx;
    for (size_t i = 0; i < reply_count(keys); i++) {
        key_name name = key_name_of(r->keys, reply_text(reply_at(keys, i)));
        if (name.kind == KEY_PRESENCE || name.kind == KEY_INBOX || name.kind == KEY_DEAD)
            entry_of(r, name.tag + strlen("i:"));
    }
}

static int64_t ask_number(asker *ask, const char *command, const char *key) {
    redis_reply *reply = asker_call_about(ask, command, key, NULL);
    int64_t number = reply_int(reply);
    sync_reply_free(reply);
    return number;
}

static int64_t ask_pending(asker *ask, const char *inbox) {
    redis_call call;
    redis_reply *groups = asker_call_about(ask, "EXISTS", inbox, NULL);
    bool there = reply_int(groups) == 1;
    sync_reply_free(groups);
    if (!there) return 0;
    call_command(&call, "XPENDING");
    call_key(&call, inbox);
    call_str(&call, "scheduler");
    redis_reply *summary = asker_call(ask, &call);
    int64_t pending = reply_int(reply_at(summary, 0));
    sync_reply_free(summary);
    return pending;
}

static void set_presence(json_t *object, const redis_reply *presence) {
    int64_t number;
    view_set_text(object, "address", record_field(presence, "address"));
    view_set_text(object, "host", record_field(presence, "host"));
    if (record_whole(record_field(presence, "pid"), 0, &number)) view_set_number(object, "pid", number);
    if (record_whole(record_field(presence, "since"), 0, &number)) view_set_number(object, "since", number);
}

static void fill(asker *ask, const keyspace *ks, json_t *object) {
    const char *id = json_string_value(json_object_get(object, "instance"));
    redis_key key;
    redis_reply *presence = asker_call_about(ask, "HGETALL", key_instance_presence(&key, ks, id), NULL);
    redis_reply *adopter = asker_call_about(ask, "GET", key_instance_lease(&key, ks, id), NULL);
    int64_t entries = ask_number(ask, "XLEN", key_instance_inbox(&key, ks, id));
    int64_t pending = ask_pending(ask, key.text);
    int64_t letters = ask_number(ask, "XLEN", key_instance_dead(&key, ks, id));
    bool alive = reply_count(presence), listed = json_object_get(object, "seen");
    view_set_text(object, "state", alive ? "alive" : listed || entries ? "dead" : "gone");
    if (alive) set_presence(object, presence);
    view_set_number(object, "waiting", entries > pending ? entries - pending : 0);
    view_set_number(object, "pending", pending);
    view_set_number(object, "dead_letters", letters);
    if (*reply_text(adopter)) view_set_text(object, "adopter", reply_text(adopter));
    sync_reply_free(presence);
    sync_reply_free(adopter);
}

/* All of them, by their ids. */
static json_t *call_the_roll(asker *ask, const keyspace *ks) {
    static const char *const named[] = {"presence", "inbox", "dead"};
    redis_key key;
    roll r = {ks, json_object()};
    json_t *list = json_array(), *object;
    const char *id;
    asker_scan_entries(ask, "ZSCAN", key_instances(&key, ks), add_listed, &r);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        asker_scan(ask, key_pattern_named(&key, ks, named[i]), add_named, &r);
    json_object_foreach(r.by_id, id, object) {
        fill(ask, ks, object);
        json_array_append(list, object);
    }
    view_sort(list, "instance");
    json_decref(r.by_id);
    return list;
}

json_t *view_instances(asker *ask, const keyspace *ks) {
    int64_t now = asker_now(ask);
    return view_told(ask, view_one(now, "instances", call_the_roll(ask, ks)));
}

/* ---- the inbox of one ------------------------------------------------------------------------------------------------ */

static void set_deliveries(asker *ask, const char *inbox, json_t *object) {
    const char *id = json_string_value(json_object_get(object, "entry"));
    redis_call call;
    call_command(&call, "XPENDING");
    call_key(&call, inbox);
    call_str(&call, "scheduler");
    call_str(&call, id);
    call_str(&call, id);
    call_int(&call, 1);
    redis_reply *pending = asker_call(ask, &call);
    view_set_number(object, "deliveries", reply_int(reply_at(reply_at(pending, 0), 3)));
    sync_reply_free(pending);
}

json_t *view_inbox(asker *ask, const keyspace *ks, const char *instance_id, int64_t limit) {
    redis_key key;
    key_instance_inbox(&key, ks, instance_id);
    int64_t now = asker_now(ask), count = ask_number(ask, "XLEN", key.text);
    if (ask_number(ask, "EXISTS", key.text) != 1) return NULL;
    json_t *document = json_object(), *list = entries_read(ask, key.text, limit);
    for (size_t i = 0; i < json_array_size(list); i++) set_deliveries(ask, key.text, json_array_get(list, i));
    view_set_number(document, "now", now);
    view_set_number(document, "count", count);
    json_object_set_new(document, "entries", list);
    return view_told(ask, document);
}

/* ---- dead letters ---------------------------------------------------------------------------------------------------- */

typedef struct listing {
    asker *ask;
    const keyspace *keys;
    json_t *list;
    int64_t limit;
} listing;

static void add_letters(listing *l, const char *id) {
    redis_key key;
    json_t *letters = entries_read(l->ask, key_instance_dead(&key, l->keys, id), l->limit);
    for (size_t i = 0; i < json_array_size(letters); i++) {
        json_t *letter = json_array_get(letters, i);
        view_set_text(letter, "instance", id);
        json_array_append(l->list, letter);
    }
    json_decref(letters);
}

static void add_streams(void *ctx, const redis_reply *keys) {
    listing *l = ctx;
    for (size_t i = 0; i < reply_count(keys); i++) {
        key_name name = key_name_of(l->keys, reply_text(reply_at(keys, i)));
        if (name.kind == KEY_DEAD) add_letters(l, name.tag + strlen("i:"));
    }
}

json_t *view_dead_letters(asker *ask, const keyspace *ks, const char *instance_id, int64_t limit) {
    redis_key key;
    listing l = {ask, ks, json_array(), limit};
    int64_t now = asker_now(ask);
    if (instance_id)
        add_letters(&l, instance_id);
    else
        asker_scan(ask, key_pattern_named(&key, ks, "dead"), add_streams, &l);
    view_sort(l.list, "entry");
    return view_told(ask, view_one(now, "letters", l.list));
}
