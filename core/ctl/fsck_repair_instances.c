/* fsck_repair_instances.c - instances: what lacks its end gets one; an inbox that nobody would find is listed, so that a survivor
 * adopts it; a name without anything is struck out. */
#include "core/ctl/fsck_plans.h"

#include "core/base/clock.h"
#include "core/base/units.h"

#include <string.h>

enum { LISTED_AGE_MSEC = 60000 }; /* long unseen: a survivor looks after it at its next look */

static int64_t ttl_of(key_kind kind) {
    switch (kind) {
    case KEY_PRESENCE:
    case KEY_LEASE: return 30000;
    case KEY_DEAD: return INT64_C(7) * 86400000;
    default: return 3600000;
    }
}

const char *plan_instance(fsck_plan *p) {
    char text[UNITS_TEXT_MAX];
    if (p->finding->is_entry) {
        plan_remove(p, "ZREM", p->finding->key, p->finding->subject);
        plan_says(p, "struck it out of the list");
    } else if (!*p->finding->subject) {
        int64_t ttl = ttl_of(p->name.kind);
        plan_set_ttl(p, p->finding->key, ttl);
        plan_says(p, "gave it a TTL of %s", units_format_duration(text, ttl * USEC_PER_MSEC));
    } else if (p->name.kind == KEY_PRESENCE) {
        return "without it, its instance would be taken for dead; it is written anew when that one starts again";
    } else {
        plan_call(p, "UNLINK", p->finding->key);
        plan_says(p, "removed it; the next adopter writes its own");
    }
    return NULL;
}

const char *plan_orphan(fsck_plan *p) {
    redis_key key;
    if (p->finding->is_entry) {
        plan_remove(p, "ZREM", p->finding->key, p->finding->subject);
        plan_says(p, "struck it out of the list");
        return NULL;
    }
    redis_call *call = plan_call(p, "ZADD", key_instances(&key, p->f->keys));
    call_int(call, p->now - LISTED_AGE_MSEC);
    call_str(call, p->name.tag + strlen("i:"));
    plan_set_ttl(p, key.text, ttl_of(KEY_INSTANCES));
    plan_says(p, "listed its instance; a survivor adopts it within seconds");
    return NULL;
}
