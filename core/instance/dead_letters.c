/* dead_letters.c - an entry that nobody can handle is put aside with its reason, for people (lingua-ctl dlq).
 *
 * Moving is one script, which looks again whether it is due: a handler may have finished meanwhile, and clocks differ. Without an
 * answer nothing is known and nothing is lost: the next round of reclaim meets the entry again, or not. */
#include "core/instance/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/mem.h"

typedef struct moving {
    instance *i;
    char id[sizeof((entry_token *)0)->id];
    char of[ID_MAX + 1], reason[ENTRY_CODE_MAX + 1];
} moving;

static void on_moved(void *arg, link_status status, const redis_reply *reply) {
    moving *m = arg;
    instance *i = m->i;
    instance_answered(i, "dead_letter", status, reply);
    bool moved = status == LINK_OK && reply_says(reply, "OK");
    if (moved) {
        i->counts.dead_letters++;
        log_write(&i->env.log, LOG_WARN, "dead_letter", "instance=%s entry=%s reason=%s", m->of, m->id, m->reason);
    }
    entry_record *r = inbox_find(i, m->id);
    if (r && !r->open && (moved || reply_says(reply, "GONE"))) inbox_forget(i, r);
    free(m);
}

void dead_letter_move(instance *i, const char *of, const char *entry_id, const char *reason, bool rule) {
    moving *m = mem_alloc(sizeof *m);
    m->i = i;
    snprintf(m->id, sizeof m->id, "%s", entry_id);
    snprintf(m->of, sizeof m->of, "%s", of);
    snprintf(m->reason, sizeof m->reason, "%s", reason);
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_DEAD_LETTER);
    call_key(&call, key_instance_inbox(&key, &i->keys, of));
    call_key(&call, key_instance_dead(&key, &i->keys, of));
    call_str(&call, entry_id);
    call_str(&call, m->reason);
    call_int(&call, rule ? i->config.dead_after / USEC_PER_MSEC : 0);
    call_int(&call, i->config.dead_deliveries);
    call_int(&call, i->config.dead_ttl / USEC_PER_MSEC);
    call_int(&call, i->config.dead_max);
    instance_call(i, &call, on_moved, m);
}
