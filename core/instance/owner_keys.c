/* owner_keys.c - see the header. The round begins with the beat of presence.c, which goes on here when it was answered. */
#include "core/instance/owner_keys.h"

#include "core/instance/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/mem.h"

static const usec_t round_pause = 15 * USEC_PER_SEC, key_ttl = 45 * USEC_PER_SEC;

struct owned {
    owned_kind kind;
    char id[ID_MAX + 1];
    char name[ID_MAX + 3]; /* "n:ID", "s:ID" */
    UT_hash_handle hh;
};

static void name_of(char name[ID_MAX + 3], owned_kind kind, const char *id) {
    snprintf(name, ID_MAX + 3, "%c:%s", kind == OWNED_NODE ? 'n' : 's', id);
}

static const char *spell(const instance *i, redis_key *key, owned_kind kind, const char *id) {
    return (kind == OWNED_NODE ? key_node_owner : key_session_owner)(key, &i->keys, id);
}

static owned *find(const instance *i, owned_kind kind, const char *id) {
    char name[ID_MAX + 3];
    owned *o;
    name_of(name, kind, id);
    HASH_FIND_STR(i->owners.all, name, o);
    return o;
}

void instance_own(instance *i, owned_kind kind, const char *id) {
    if (!i->config.incidents.owner_keys || find(i, kind, id)) return;
    owned *o = mem_zalloc(1, sizeof *o);
    o->kind = kind;
    snprintf(o->id, sizeof o->id, "%s", id);
    name_of(o->name, kind, id);
    HASH_ADD_STR(i->owners.all, name, o);
}

static void on_deleted(void *arg, link_status status, const redis_reply *reply) {
    instance_answered(arg, "delete an owner", status, reply);
}

static void drop(instance *i, owned *o) {
    if (i->owners.next == o) i->owners.next = o->hh.next;
    HASH_DEL(i->owners.all, o);
    free(o);
}

void instance_disown(instance *i, owned_kind kind, const char *id) {
    owned *o = find(i, kind, id);
    redis_key key;
    redis_call call;
    if (!o) return;
    drop(i, o);
    if (instance_is_over(i)) return;
    call_command(&call, "DEL");
    call_key(&call, spell(i, &key, kind, id));
    instance_call(i, &call, on_deleted, i);
}

void owner_keys_free(instance *i) {
    owned *o, *next;
    HASH_ITER (hh, i->owners.all, o, next) drop(i, o);
}

/* ---- the round ------------------------------------------------------------------------------------------------------ */

static void go_on(instance *i);

static void on_set(void *arg, link_status status, const redis_reply *reply) {
    instance *i = arg;
    instance_answered(i, "refresh an owner", status, reply);
    if (!instance_is_over(i)) go_on(i);
}

static void on_timer(void *arg) {
    presence_beat(arg);
}

static void go_on(instance *i) {
    owned *o = i->owners.next;
    redis_key key;
    redis_call call;
    if (!o) {
        usec_t now = instance_now(i), next = i->presence.tried + round_pause;
        instance_set_timer(i, &i->presence.timer, next > now ? next : now, on_timer, i);
        return;
    }
    i->owners.next = o->hh.next;
    call_command(&call, "SET");
    call_key(&call, spell(i, &key, o->kind, o->id));
    call_str(&call, i->id);
    call_str(&call, "PX");
    call_int(&call, key_ttl / USEC_PER_MSEC);
    instance_call(i, &call, on_set, i);
}

void owner_keys_refresh(instance *i) {
    i->owners.next = i->owners.all;
    go_on(i);
}

/* ---- asking --------------------------------------------------------------------------------------------------------- */

typedef struct asking {
    instance *i;
    owner_done *done;
    void *arg;
} asking;

static void on_owner(void *arg, link_status status, const redis_reply *reply) {
    asking a = *(asking *)arg;
    free(arg);
    instance_answered(a.i, "ask for an owner", status, reply);
    a.done(a.arg, status, status == LINK_OK ? reply_text(reply) : "");
}

void instance_ask_owner(instance *i, owned_kind kind, const char *id, owner_done *done, void *arg) {
    asking *a = mem_alloc(sizeof *a);
    *a = (asking){i, done, arg};
    redis_key key;
    redis_call call;
    call_command(&call, "GET");
    call_key(&call, spell(i, &key, kind, id));
    instance_call(i, &call, on_owner, a);
}
