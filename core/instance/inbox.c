/* inbox.c - what others left for us, and what we leave for them.
 *
 * One blocking read at a time, on a connection that does nothing else, asks for as many entries as there is room for handlers; so a busy
 * instance reads less, and what it does not read waits in the stream, whose length bounds what others may add. An entry that
 * was told has a record here until it is deleted. Entries of one handler are acknowledged with one call, behind it.
 *
 * Who does not know whether its presence still stands tells nothing: an adopter may be handling the same entries. They stay pending,
 * and are delivered again. */
#include "core/instance/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/domain/ids.h"

static const usec_t pause_min = 100 * USEC_PER_MSEC, pause_max = USEC_PER_SEC;

static const char *const kind_names[ENTRY_KINDS] = {[ENTRY_ASSIGN] = "assign", [ENTRY_RESULT] = "result"};

/* ---- sending -------------------------------------------------------------------------------------------------------- */

typedef struct sending {
    instance *i;
    send_done *done;
    void *arg;
} sending;

static send_result result_of(instance *i, link_status status, const redis_reply *reply) {
    instance_counts *counts = &i->counts;
    if (status == LINK_OK && reply_says(reply, "OK")) return counts->sent++, SEND_OK;
    if (status == LINK_OK && reply_says(reply, "FULL")) return counts->full++, SEND_FULL;
    if (status == LINK_UNKNOWN) return counts->unknown++, SEND_UNKNOWN;
    if (status != LINK_OK) return counts->failed++, SEND_FAILED;
    return counts->gone++, SEND_GONE;
}

static void on_sent(void *arg, link_status status, const redis_reply *reply) {
    sending s = *(sending *)arg;
    free(arg);
    instance_answered(s.i, "inbox_add", status, reply);
    s.done(s.arg, result_of(s.i, status, reply));
}

void instance_send(instance *i, const char *to, const inbox_entry *entry, send_done *done, void *arg) {
    sending *s = mem_alloc(sizeof *s);
    *s = (sending){i, done, arg};
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_INBOX_ADD);
    call_key(&call, key_instance_presence(&key, &i->keys, to));
    call_key(&call, key_instance_inbox(&key, &i->keys, to));
    call_int(&call, i->config.inbox_max);
    call_str(&call, kind_names[entry->kind]);
    call_str(&call, entry->from);
    call_str(&call, entry->address);
    call_str(&call, entry->job);
    call_str(&call, entry->session);
    call_str(&call, entry->node);
    call_int(&call, entry->attempt);
    call_int(&call, entry->deadline_msec);
    instance_call(i, &call, on_sent, s);
}

/* ---- entries -------------------------------------------------------------------------------------------------------- */

static const char *field_of(const redis_reply *fields, const char *name) {
    for (size_t at = 0; at + 1 < reply_count(fields); at += 2)
        if (!strcmp(reply_text(reply_at(fields, at)), name)) return reply_text(reply_at(fields, at + 1));
    return "";
}

const char *inbox_parse(const redis_reply *entry, inbox_entry *ret_entry) {
    const redis_reply *fields = reply_at(entry, 1);
    const char *kind = field_of(fields, "kind");
    inbox_entry e = {.kind = ENTRY_KINDS};
    for (int k = 0; k < ENTRY_KINDS; k++)
        if (!strcmp(kind, kind_names[k])) e.kind = (entry_kind)k;
    if (e.kind == ENTRY_KINDS) return "UNKNOWN_KIND";
    e.from = field_of(fields, "from");
    e.address = field_of(fields, "address");
    e.job = field_of(fields, "job");
    e.session = field_of(fields, "session");
    e.node = field_of(fields, "node");
    e.attempt = strtoll(field_of(fields, "attempt"), NULL, 10);
    e.deadline_msec = strtoll(field_of(fields, "deadline"), NULL, 10);
    if (!id_valid(e.from) || strlen(e.address) > ADDRESS_MAX) return "MALFORMED";
    *ret_entry = e;
    return "";
}

entry_record *inbox_find(const instance *i, const char *entry_id) {
    entry_record *r;
    HASH_FIND_STR(i->inbox.records, entry_id, r);
    return r;
}

void inbox_forget(instance *i, entry_record *r) {
    assert(!r->open);
    HASH_DEL(i->inbox.records, r);
    free(r);
}

static entry_record *record_of(instance *i, const char *entry_id) {
    entry_record *r = inbox_find(i, entry_id);
    if (r) return r;
    r = mem_zalloc(1, sizeof *r);
    snprintf(r->id, sizeof r->id, "%s", entry_id);
    HASH_ADD_STR(i->inbox.records, id, r);
    return r;
}

static void tell(instance *i, const redis_reply *entry, bool again) {
    inbox_entry e;
    entry_token token;
    snprintf(token.instance, sizeof token.instance, "%s", i->id);
    snprintf(token.id, sizeof token.id, "%s", reply_text(reply_at(entry, 0)));
    const char *wrong = inbox_parse(entry, &e);
    entry_record *r = record_of(i, token.id);
    if (r->open) return;
    if (*wrong) {
        dead_letter_move(i, i->id, token.id, wrong, false);
        inbox_forget(i, r);
        return;
    }
    r->open = true;
    r->again = again;
    ++*(again ? &i->inbox.open_again : &i->inbox.open);
    ++*(again ? &i->counts.again : &i->counts.read);
    i->events.entry(i->events.ctx, &e, &token);
}

void inbox_tell_again(instance *i, const redis_reply *entry) {
    tell(i, entry, true);
}

void inbox_handled(instance *i, const char *entry_id, bool ok, const char *reason) {
    entry_record *r = inbox_find(i, entry_id);
    if (!r || !r->open) return;
    r->open = false;
    --*(r->again ? &i->inbox.open_again : &i->inbox.open);
    if (ok) {
        i->counts.handled++;
        inbox_forget(i, r);
        inbox_done(i, i->id, entry_id);
    } else {
        snprintf(r->reason, sizeof r->reason, "%s", reason);
    }
    inbox_read(i);
}

/* ---- acknowledging -------------------------------------------------------------------------------------------------- */

/* Without an answer they may still be there: then they are delivered, and handled, once more. */
static void on_done(void *arg, link_status status, const redis_reply *reply) {
    instance_answered(arg, "inbox_done", status, reply);
}

void inbox_send_done(instance *i) {
    instance_clear_timer(i, &i->inbox.done_timer);
    if (!i->inbox.done_count) return;
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_INBOX_DONE);
    call_key(&call, key_instance_inbox(&key, &i->keys, i->inbox.done_of));
    for (int n = 0; n < i->inbox.done_count; n++) call_str(&call, i->inbox.done[n]);
    i->inbox.done_count = 0;
    instance_call(i, &call, on_done, i);
}

static void on_done_timer(void *arg) {
    instance *i = arg;
    i->inbox.done_timer = 0;
    inbox_send_done(i);
}

void inbox_done(instance *i, const char *of, const char *entry_id) {
    if (i->stopped) return;
    if (i->inbox.done_count == ENTRY_IDS_MAX || strcmp(i->inbox.done_of, of) != 0) inbox_send_done(i);
    snprintf(i->inbox.done_of, sizeof i->inbox.done_of, "%s", of);
    snprintf(i->inbox.done[i->inbox.done_count++], sizeof i->inbox.done[0], "%s", entry_id);
    if (!i->inbox.done_timer) instance_set_timer(i, &i->inbox.done_timer, instance_now(i), on_done_timer, i);
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static void on_timer(void *arg) {
    instance *i = arg;
    i->inbox.timer = 0;
    inbox_read(i);
}

static void on_group(void *arg, link_status status, const redis_reply *reply) {
    instance_answered(arg, "make the group", status, reply);
}

/* The stream is gone with the data of Redis, or only its group. */
static void repair_group(instance *i) {
    redis_key key;
    redis_call call;
    presence_beat(i);
    call_command(&call, "XGROUP");
    call_str(&call, "CREATE");
    call_key(&call, key_instance_inbox(&key, &i->keys, i->id));
    call_str(&call, INBOX_GROUP);
    call_str(&call, "0");
    instance_call(i, &call, on_group, i);
}

static void read_later(instance *i, link_status status, const redis_reply *reply) {
    if (status == LINK_ERROR && !strncmp(reply_text(reply), "NOGROUP", 7)) repair_group(i);
    usec_t pause = i->inbox.pause;
    i->inbox.pause = 2 * pause < pause_max ? 2 * pause : pause_max;
    instance_set_timer(i, &i->inbox.timer, instance_now(i) + pause, on_timer, i);
}

static void on_read(void *arg, link_status status, const redis_reply *reply) {
    instance *i = arg;
    instance_answered(i, "read the inbox", status, reply);
    i->inbox.reading = false;
    if (instance_is_over(i)) return;
    if (status != LINK_OK) {
        read_later(i, status, reply);
        return;
    }
    i->inbox.pause = pause_min;
    const redis_reply *entries = reply_at(reply_at(reply, 0), 1);
    if (instance_is_sure(i))
        for (size_t n = 0; n < reply_count(entries) && !instance_is_over(i); n++) tell(i, reply_at(entries, n), false);
    inbox_read(i);
}

void inbox_read(instance *i) {
    int64_t room = i->config.inbox_batch - i->inbox.open;
    if (!i->up || instance_is_over(i) || i->inbox.reading || i->inbox.timer || room <= 0) return;
    if (!i->inbox.pause) i->inbox.pause = pause_min;
    redis_key key;
    redis_call call;
    call_command(&call, "XREADGROUP");
    call_str(&call, "GROUP");
    call_str(&call, INBOX_GROUP);
    call_str(&call, i->id);
    call_str(&call, "COUNT");
    call_int(&call, room);
    call_str(&call, "BLOCK");
    call_int(&call, i->config.inbox_block / USEC_PER_MSEC);
    call_str(&call, "STREAMS");
    call_key(&call, key_instance_inbox(&key, &i->keys, i->id));
    call_str(&call, ">");
    i->inbox.reading = true;
    i->calls++;
    link_submit(&i->env.reader, &call, i->config.inbox_block + 2 * i->env.patience, on_read, i);
}

void inbox_stop(instance *i) {
    instance_clear_timer(i, &i->inbox.timer);
    if (i->leaving && !i->stopped) return; /* handlers may still finish */
    instance_clear_timer(i, &i->inbox.done_timer);
}

void inbox_free(instance *i) {
    entry_record *r, *next;
    HASH_ITER (hh, i->inbox.records, r, next) {
        r->open = false;
        inbox_forget(i, r);
    }
}
