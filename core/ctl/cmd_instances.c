/* cmd_instances.c - instances of the scheduler, and what is in the inbox of one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/entries.h"
#include "core/ctl/key_names.h"
#include "core/ctl/record.h"
#include "core/ctl/show.h"
#include "core/domain/ids.h"

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

static const ctl_usage instances_usage = {
    "",
    0,
    0,
    "The instances of the scheduler, by their ids: those that live, and dead ones of which something is left.\n"
    "Alive: its presence is there. Dead: it is not, and a survivor will adopt what is in its inbox, or is doing so. "
    "Gone: only its dead\n"
    "letters are left. Waiting entries were not read yet; pending ones were read and are not handled.\n",
    "instances\ninstances --json\n",
};

static const show_column instances_columns[] = {
    {"instance", "instance", SHOW_PLAIN}, {"state", "state", SHOW_PLAIN},
    {"address", "address", SHOW_PLAIN},   {"host", "host", SHOW_PLAIN},
    {"pid", "pid", SHOW_PLAIN},           {"up for", "since", SHOW_AGO},
    {"seen ago", "seen", SHOW_AGO},       {"waiting", "waiting", SHOW_PLAIN},
    {"pending", "pending", SHOW_PLAIN},   {"dead letters", "dead_letters", SHOW_PLAIN},
    {"adopter", "adopter", SHOW_PLAIN},
};
enum { INSTANCES_COLUMNS = sizeof instances_columns / sizeof *instances_columns, INSTANCES_LEFT = 4 };

/* Names that were found, each with an object of what is known. */
typedef struct roll {
    ctl *c;
    json_t *by_id;
} roll;

static json_t *entry_of(roll *r, const char *id) {
    json_t *object = json_object_get(r->by_id, id);
    if (object) return object;
    object = json_object();
    show_set_text(object, "instance", id);
    json_object_set_new(r->by_id, id, object);
    return object;
}

static void add_listed(void *ctx, const redis_reply *batch) {
    for (size_t i = 0; i + 1 < reply_count(batch); i += 2) {
        const char *id = reply_text(reply_at(batch, i));
        if (id_valid(id))
            show_set_number(entry_of(ctx, id), "seen", (int64_t)strtod(reply_text(reply_at(batch, i + 1)), NULL));
    }
}

static void add_named(void *ctx, const redis_reply *keys) {
    roll *r = ctx;
    for (size_t i = 0; i < reply_count(keys); i++) {
        key_name name = key_name_of(&r->c->keys, reply_text(reply_at(keys, i)));
        if (name.kind == KEY_PRESENCE || name.kind == KEY_INBOX || name.kind == KEY_DEAD)
            entry_of(r, name.tag + strlen("i:"));
    }
}

static int64_t ask_number(ctl *c, const char *command, const char *key) {
    redis_reply *reply = asker_call_about(&c->ask, command, key, NULL);
    int64_t number = reply_int(reply);
    sync_reply_free(reply);
    return number;
}

static int64_t ask_pending(ctl *c, const char *inbox) {
    redis_call call;
    redis_reply *groups = asker_call_about(&c->ask, "EXISTS", inbox, NULL);
    bool there = reply_int(groups) == 1;
    sync_reply_free(groups);
    if (!there) return 0;
    call_command(&call, "XPENDING");
    call_key(&call, inbox);
    call_str(&call, "scheduler");
    redis_reply *summary = asker_call(&c->ask, &call);
    int64_t pending = reply_int(reply_at(summary, 0));
    sync_reply_free(summary);
    return pending;
}

static void set_presence(json_t *object, const redis_reply *presence) {
    int64_t number;
    show_set_text(object, "address", record_field(presence, "address"));
    show_set_text(object, "host", record_field(presence, "host"));
    if (record_whole(record_field(presence, "pid"), 0, &number)) show_set_number(object, "pid", number);
    if (record_whole(record_field(presence, "since"), 0, &number)) show_set_number(object, "since", number);
}

static void fill(ctl *c, json_t *object) {
    const char *id = json_string_value(json_object_get(object, "instance"));
    redis_key key;
    redis_reply *presence = asker_call_about(&c->ask, "HGETALL", key_instance_presence(&key, &c->keys, id), NULL);
    redis_reply *adopter = asker_call_about(&c->ask, "GET", key_instance_lease(&key, &c->keys, id), NULL);
    int64_t entries = ask_number(c, "XLEN", key_instance_inbox(&key, &c->keys, id));
    int64_t pending = ask_pending(c, key.text);
    int64_t letters = ask_number(c, "XLEN", key_instance_dead(&key, &c->keys, id));
    bool alive = reply_count(presence), listed = json_object_get(object, "seen");
    show_set_text(object, "state", alive ? "alive" : listed || entries ? "dead" : "gone");
    if (alive) set_presence(object, presence);
    show_set_number(object, "waiting", entries > pending ? entries - pending : 0);
    show_set_number(object, "pending", pending);
    show_set_number(object, "dead_letters", letters);
    if (*reply_text(adopter)) show_set_text(object, "adopter", reply_text(adopter));
    sync_reply_free(presence);
    sync_reply_free(adopter);
}

/* All of them, by their ids. */
static json_t *call_the_roll(ctl *c) {
    static const char *const named[] = {"presence", "inbox", "dead"};
    redis_key key;
    roll r = {c, json_object()};
    json_t *list = json_array(), *object;
    const char *id;
    asker_scan_entries(&c->ask, "ZSCAN", key_instances(&key, &c->keys), add_listed, &r);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        asker_scan(&c->ask, key_pattern_named(&key, &c->keys, named[i]), add_named, &r);
    json_object_foreach(r.by_id, id, object) {
        fill(c, object);
        json_array_append(list, object);
    }
    show_sort(list, "instance");
    json_decref(r.by_id);
    return list;
}

int cmd_instances(int argc, char **argv) {
    ctl c;
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, &instances_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    ctl_connect(&c);
    int64_t now = asker_now(&c.ask);
    json_t *list = call_the_roll(&c);
    if (!c.ask.status && c.json) ctl_print_json(json_pack("{s:I,s:O}", "now", (json_int_t)now, "instances", list));
    if (!c.ask.status && !c.json) show_table(list, instances_columns, INSTANCES_COLUMNS, INSTANCES_LEFT, now, stdout);
    json_decref(list);
    return ctl_end(&c, CTL_FINE);
}

/* ---- the inbox of one ------------------------------------------------------------------------------------------------ */

static const ctl_usage inbox_usage = {
    "INSTANCE",
    1,
    1,
    "What waits in the inbox of an instance, the oldest first. Deliveries: how often an entry was given to the "
    "instance; none when it "
    "was not\nread yet. Entries are deleted when they are handled, so an idle instance has none.\n",
    "inbox gw-1\ninbox gw-1 --limit 20 --json\n",
};

static const show_column inbox_columns[] = {
    {"entry", "entry", SHOW_PLAIN},   {"kind", "kind", SHOW_PLAIN},         {"job", "job", SHOW_PLAIN},
    {"node", "node", SHOW_PLAIN},     {"from", "from", SHOW_PLAIN},         {"attempt", "attempt", SHOW_PLAIN},
    {"added ago", "added", SHOW_AGO}, {"deadline in", "deadline", SHOW_IN}, {"deliveries", "deliveries", SHOW_PLAIN},
};
enum { INBOX_COLUMNS = sizeof inbox_columns / sizeof *inbox_columns, INBOX_LEFT = 5 };

static void set_deliveries(ctl *c, const char *inbox, json_t *object) {
    const char *id = json_string_value(json_object_get(object, "entry"));
    redis_call call;
    call_command(&call, "XPENDING");
    call_key(&call, inbox);
    call_str(&call, "scheduler");
    call_str(&call, id);
    call_str(&call, id);
    call_int(&call, 1);
    redis_reply *pending = asker_call(&c->ask, &call);
    show_set_number(object, "deliveries", reply_int(reply_at(reply_at(pending, 0), 3)));
    sync_reply_free(pending);
}

int cmd_inbox(int argc, char **argv) {
    ctl c;
    redis_key key;
    int64_t limit = 100;
    const ctl_option options[] = {
        {"limit", "N", CTL_COUNT, &limit, 1, 1000000, "at most so many (100)"},
        {.name = NULL},
    };
    int code = ctl_begin(&c, &inbox_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (id_check("instance id", c.words[0], &c.err)) return ctl_end(&c, CTL_USAGE);
    ctl_connect(&c);
    key_instance_inbox(&key, &c.keys, c.words[0]);
    int64_t now = asker_now(&c.ask), count = ask_number(&c, "XLEN", key.text);
    bool there = ask_number(&c, "EXISTS", key.text) == 1;
    if (!there && !c.ask.status) return ctl_end(&c, ctl_failed(&c, "no inbox of instance %s", c.words[0]));
    json_t *list = entries_read(&c.ask, key.text, limit);
    for (size_t i = 0; i < json_array_size(list); i++) set_deliveries(&c, key.text, json_array_get(list, i));
    if (!c.ask.status && c.json)
        ctl_print_json(json_pack("{s:I,s:I,s:O}", "now", (json_int_t)now, "count", (json_int_t)count, "entries", list));
    if (!c.ask.status && !c.json) {
        show_table(list, inbox_columns, INBOX_COLUMNS, INBOX_LEFT, now, stdout);
        if (count > (int64_t)json_array_size(list))
            printf("... and %" PRId64 " more\n", count - (int64_t)json_array_size(list));
    }
    json_decref(list);
    return ctl_end(&c, CTL_FINE);
}
