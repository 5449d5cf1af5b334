/* fsck_repair_sessions.c - sessions, affinities, rooms: what lacks its end gets one, what does not parse is removed. An instance
 * opens its session again when it finds no record to renew, and without an affinity any node serves. */
#include "core/ctl/fsck_plans.h"

#include <string.h>

enum { SESSION_TTL_MSEC = 3600000, AFFINITY_TTL_MSEC = 300000, ROOM_TTL_MSEC = 1800000 };

const char *plan_session(fsck_plan *p) {
    if (*p->finding->subject) {
        plan_call(p, "UNLINK", p->finding->key);
        plan_says(p, "removed the record; its instance opens the session again");
    } else {
        plan_set_ttl(p, p->finding->key, SESSION_TTL_MSEC);
        plan_says(p, "gave it a TTL of 1 h");
    }
    return NULL;
}

const char *plan_affinity(fsck_plan *p) {
    if (*p->finding->subject) {
        plan_call(p, "UNLINK", p->finding->key);
        plan_says(p, "removed it; any node may go on with the sentence");
    } else {
        plan_set_ttl(p, p->finding->key, AFFINITY_TTL_MSEC);
        plan_says(p, "gave it a TTL of 5 min");
    }
    return NULL;
}

const char *plan_room(fsck_plan *p) {
    const char *subject = p->finding->subject;
    if (p->finding->is_entry) {
        plan_remove(p, "HDEL", p->finding->key, subject);
        plan_says(p, "removed the entry");
    } else if (!strcmp(subject, "members")) {
        plan_call(p, "UNLINK", p->finding->key);
        plan_says(p, "removed the empty room");
    } else if (!strcmp(subject, "made")) {
        redis_call *call = plan_call(p, "HSET", p->finding->key);
        call_str(call, "made");
        call_int(call, p->now);
        plan_says(p, "it was made now");
    } else {
        plan_set_ttl(p, p->finding->key, ROOM_TTL_MSEC);
        plan_says(p, "gave it a TTL of 30 min");
    }
    return NULL;
}
