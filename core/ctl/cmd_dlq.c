/* cmd_dlq.c - dead letters: entries that could not be handled, with the reason. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/show.h"
#include "core/domain/ids.h"
#include "core/view/entries.h"
#include "core/view/members.h"
#include "core/view/record.h"
#include "core/view/view.h"

enum { INBOX_MAX = 10000 };

static const ctl_usage usage = {
    "list|show|replay|drop [INSTANCE] [ENTRY]",
    1,
    3,
    "Dead letters are entries of inboxes that were delivered too often, or could not be handled for a minute. They end "
    "by themselves "
    "after\na week.\n"
    "  list [INSTANCE]         those of one instance, or of all\n"
    "  show INSTANCE ENTRY     all that is known of one\n"
    "  replay INSTANCE ENTRY   back into the inbox, or into that of --to; it must live. Handling is idempotent: what "
    "is over stays so\n"
    "  drop INSTANCE [ENTRY]   deletes one; all of the instance with --all\n",
    "dlq list\ndlq show gw-1 1795484428197-0\ndlq replay gw-1 1795484428197-0 --to gw-2\ndlq drop gw-1 --all\n",
};

static const show_column list_columns[] = {
    {"instance", "instance", SHOW_PLAIN}, {"entry", "entry", SHOW_PLAIN},
    {"reason", "reason", SHOW_PLAIN},     {"kind", "kind", SHOW_PLAIN},
    {"job", "job", SHOW_PLAIN},           {"node", "node", SHOW_PLAIN},
    {"from", "from", SHOW_PLAIN},         {"deliveries", "deliveries", SHOW_PLAIN},
    {"moved ago", "added", SHOW_AGO},
};
enum { LIST_COLUMNS = sizeof list_columns / sizeof *list_columns, LIST_LEFT = 7 };

static const show_column letter_columns[] = {
    {"instance", "instance", SHOW_PLAIN}, {"entry", "entry", SHOW_PLAIN},
    {"reason", "reason", SHOW_PLAIN},     {"deliveries", "deliveries", SHOW_PLAIN},
    {"moved ago", "added", SHOW_AGO},     {"was entry", "inbox_id", SHOW_PLAIN},
    {"kind", "kind", SHOW_PLAIN},         {"job", "job", SHOW_PLAIN},
    {"attempt", "attempt", SHOW_PLAIN},   {"session", "session", SHOW_PLAIN},
    {"node", "node", SHOW_PLAIN},         {"from", "from", SHOW_PLAIN},
    {"address", "address", SHOW_PLAIN},   {"deadline in", "deadline", SHOW_IN},
};
enum { LETTER_COLUMNS = sizeof letter_columns / sizeof *letter_columns };

/* ---- list ------------------------------------------------------------------------------------------------------------ */

static void print_letters(const json_t *document) {
    show_table(json_object_get(document, "letters"), list_columns, LIST_COLUMNS, LIST_LEFT,
               show_number(document, "now"), stdout);
}

/* ---- one ------------------------------------------------------------------------------------------------------------- */

static redis_reply *find(ctl *c, const char *id, const char *entry) {
    redis_key key;
    redis_reply *found = entry_find(&c->ask, key_instance_dead(&key, &c->keys, id), entry);
    if (!found) ctl_failed(c, "no dead letter %s of instance %s", entry, id);
    return found;
}

static int show(ctl *c, const char *id, const char *entry) {
    int64_t now = asker_now(&c->ask);
    redis_reply *found = find(c, id, entry);
    if (!found) return CTL_FAILED;
    json_t *letter = entry_json(reply_at(found, 0));
    view_set_text(letter, "instance", id);
    if (c->json)
        ctl_print_json(json_pack("{s:I,s:O}", "now", (json_int_t)now, "letter", letter));
    else
        show_record(letter, letter_columns, LETTER_COLUMNS, now, stdout);
    json_decref(letter);
    sync_reply_free(found);
    return CTL_FINE;
}

static int64_t delete_one(ctl *c, const char *id, const char *entry) {
    redis_key key;
    redis_reply *reply = asker_call_about(&c->ask, "XDEL", key_instance_dead(&key, &c->keys, id), entry);
    int64_t count = reply_int(reply);
    sync_reply_free(reply);
    return count;
}

static const char *field_or(const redis_reply *fields, const char *name, const char *absent) {
    const char *value = record_field(fields, name);
    return value && *value ? value : absent;
}

static void put_replay(const ctl *c, redis_call *call, const char *to, const redis_reply *fields) {
    redis_key key;
    call_script(call, SCRIPT_INBOX_ADD);
    call_key(call, key_instance_presence(&key, &c->keys, to));
    call_key(call, key_instance_inbox(&key, &c->keys, to));
    call_int(call, INBOX_MAX);
    call_str(call, field_or(fields, "kind", ""));
    call_str(call, field_or(fields, "from", ""));
    call_str(call, field_or(fields, "address", ""));
    call_str(call, field_or(fields, "job", ""));
    call_str(call, field_or(fields, "session", ""));
    call_str(call, field_or(fields, "node", ""));
    call_str(call, field_or(fields, "attempt", "0"));
    call_str(call, field_or(fields, "deadline", "0"));
}

static void print_replayed(const ctl *c, const char *entry, const char *to, const char *id) {
    if (c->json)
        ctl_print_json(json_pack("{s:s,s:s,s:s}", "letter", entry, "instance", to, "entry", id));
    else
        printf("%s is entry %s of instance %s now\n", entry, id, to);
}

/* Added first, then deleted: an interruption in between makes it two, which handlers take for one. */
static int replay(ctl *c, const char *id, const char *entry, const char *to) {
    redis_call call;
    int code = CTL_FINE;
    redis_reply *found = find(c, id, entry);
    if (!found) return CTL_FAILED;
    put_replay(c, &call, to, reply_at(reply_at(found, 0), 1));
    redis_reply *added = asker_call(&c->ask, &call);
    if (reply_says(added, "GONE"))
        code = ctl_failed(c, "instance %s does not live; another one may take it: --to INSTANCE", to);
    else if (reply_says(added, "FULL"))
        code = ctl_failed(c, "the inbox of instance %s is full", to);
    else if (!c->ask.status) {
        delete_one(c, id, entry);
        print_replayed(c, entry, to, reply_text(reply_at(added, 1)));
    }
    sync_reply_free(added);
    sync_reply_free(found);
    return code;
}

static int drop(ctl *c, const char *id, const char *entry) {
    redis_key key;
    int64_t count = 0;
    if (entry) {
        count = delete_one(c, id, entry);
        if (!count && !c->ask.status) return ctl_failed(c, "no dead letter %s of instance %s", entry, id);
    } else {
        redis_reply *length = asker_call_about(&c->ask, "XLEN", key_instance_dead(&key, &c->keys, id), NULL);
        count = reply_int(length);
        sync_reply_free(length);
        sync_reply_free(asker_call_about(&c->ask, "UNLINK", key.text, NULL));
    }
    if (!c->ask.status && c->json) ctl_print_json(json_pack("{s:I}", "dropped", (json_int_t)count));
    if (!c->ask.status && !c->json) printf("dropped %" PRId64 "\n", count);
    return CTL_FINE;
}

/* ---- the command ----------------------------------------------------------------------------------------------------- */

typedef enum verb { LIST, SHOW, REPLAY, DROP, VERBS } verb;

static const struct {
    const char *name;
    int least, most; /* words behind it */
} verbs[VERBS] =
    {[LIST] = {"list", 0, 1}, [SHOW] = {"show", 2, 2}, [REPLAY] = {"replay", 2, 2}, [DROP] = {"drop", 1, 2}};

/* CTL_GO_ON, or the exit status. */
static int check_words(ctl *c, const char *to, bool all, verb *ret_verb) {
    int v = 0, words = c->word_count - 1;
    while (v < VERBS && strcmp(verbs[v].name, c->words[0]) != 0) v++;
    if (v == VERBS) return ctl_misused(c, "\"%s\" is none of list, show, replay, drop", c->words[0]);
    if (words < verbs[v].least || words > verbs[v].most)
        return ctl_misused(c, "%s: expected %s", verbs[v].name,
                           v == LIST ? "at most an INSTANCE" : "INSTANCE and ENTRY");
    if (v == DROP && (words == 1) != all) return ctl_misused(c, "drop: expected an ENTRY or --all, and not both");
    if (words > 0 && id_check("instance id", c->words[1], &c->err)) return CTL_USAGE;
    if (to && id_check("--to", to, &c->err)) return CTL_USAGE;
    if (words > 1 && !entry_id_valid(c->words[2]))
        return ctl_misused(c, "entry \"%.60s\": expected two numbers, as in 1795484428197-0", c->words[2]);
    *ret_verb = (verb)v;
    return CTL_GO_ON;
}

int cmd_dlq(int argc, char **argv) {
    ctl c;
    const char *to = NULL;
    bool all = false;
    int64_t limit = 100;
    verb v = LIST;
    const ctl_option options[] = {
        {"to", "INSTANCE", CTL_TEXT, &to, 0, 0, "replay: whose inbox (the one it came from)"},
        {"all", NULL, CTL_FLAG, &all, 0, 0, "drop: every dead letter of the instance"},
        {"limit", "N", CTL_COUNT, &limit, 1, 1000000, "list: at most so many of an instance (100)"},
        {.name = NULL},
    };
    int code = ctl_begin(&c, &usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    code = check_words(&c, to, all, &v);
    if (code != CTL_GO_ON) return ctl_end(&c, code);
    const char *id = c.word_count > 1 ? c.words[1] : NULL, *entry = c.word_count > 2 ? c.words[2] : NULL;
    ctl_connect(&c);
    switch (v) {
    case LIST: code = ctl_show(&c, view_dead_letters(&c.ask, &c.keys, id, limit), print_letters); break;
    case SHOW: code = show(&c, id, entry); break;
    case REPLAY:
        ctl_need_scripts(&c);
        code = replay(&c, id, entry, to ? to : id);
        break;
    default: code = drop(&c, id, entry); break;
    }
    return ctl_end(&c, code);
}
