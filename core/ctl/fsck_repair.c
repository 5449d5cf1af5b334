/* fsck_repair.c - one finding, one change: look under WATCH, plan, MULTI. When something has changed in between, it is looked at
 * again, a few times: an index of a busy bucket changes often without any meaning for the finding. */
#include "core/ctl/fsck_repair.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ctl/cas.h"
#include "core/ctl/departure.h"
#include "core/ctl/fsck_plans.h"

enum { TRIES = 5 };

static const char *plan_unknown(fsck_plan *p) {
    (void)p;
    return "it may belong to another version, and nobody here knows what for; remove it by hand if it does not";
}

static const char *plan_large(fsck_plan *p) {
    (void)p;
    return "cutting it would make it wrong; it goes with its key";
}

static const char *plan_left(fsck_plan *p) {
    (void)p;
    return "it is no damage";
}

static const struct {
    int rank; /* lower ones first */
    fsck_planner *plan;
} repairs[FSCK_KINDS] = {
    [FSCK_POOL_HOLE] = {1, plan_pool_hole},
    [FSCK_POOL_PLACE] = {2, plan_pool_place},
    [FSCK_POOL_DEAD] = {3, plan_pool_dead},
    [FSCK_POOL_STALE] = {3, plan_pool_stale},
    [FSCK_NODE_FIELD] = {4, plan_node_field},
    [FSCK_POOL_ABSENT] = {5, plan_pool_absent},
    [FSCK_POOL_TOMBSTONE] = {5, plan_pool_tombstone},
    [FSCK_NODE_UNINDEXED] = {5, plan_node_unindexed},
    [FSCK_NODE_DANGLING] = {5, plan_node_dangling},
    [FSCK_NODE_MARK] = {5, plan_node_mark},
    [FSCK_NODE_HOLD] = {5, plan_node_hold},
    [FSCK_JOB_FIELD] = {6, plan_job_field},
    [FSCK_JOB_TTL] = {7, plan_job_ttl},
    [FSCK_JOB_UNINDEXED] = {7, plan_job_unindexed},
    [FSCK_JOB_DANGLING] = {7, plan_job_dangling},
    [FSCK_REQUEST] = {8, plan_request},
    [FSCK_COPY] = {8, plan_copy},
    [FSCK_RESV_LEAK] = {9, plan_reservation_leak},
    [FSCK_RESV_TTL] = {9, plan_reservation_ttl},
    [FSCK_SESSION] = {9, plan_session},
    [FSCK_AFFINITY] = {9, plan_affinity},
    [FSCK_ROOM] = {9, plan_room},
    [FSCK_INSTANCE] = {9, plan_instance},
    [FSCK_ORPHAN] = {9, plan_orphan},
    [FSCK_UNKNOWN] = {10, plan_unknown},
    [FSCK_LARGE] = {10, plan_large},
    [FSCK_LEFT] = {10, plan_left},
};

/* ---- order ----------------------------------------------------------------------------------------------------------- */

static int64_t position_of(const char *subject) {
    int64_t position;
    return record_whole(subject, 0, &position) ? position : INT64_MAX;
}

static int sign(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

int fsck_repair_order(const keyspace *ks, const fsck_finding *a, const fsck_finding *b) {
    int order = repairs[a->kind].rank - repairs[b->kind].rank;
    if (!order) order = (int)key_name_of(ks, a->key).kind - (int)key_name_of(ks, b->key).kind;
    if (!order) order = strcmp(a->key, b->key);
    if (!order) order = sign(position_of(b->subject), position_of(a->subject));
    if (!order) order = strcmp(a->subject, b->subject);
    return order;
}

/* ---- writing a plan down --------------------------------------------------------------------------------------------- */

redis_reply *plan_read(fsck_plan *p, const char *command, const char *key, const char *field) {
    fsck_ask_about(p->f, command, key, field);
    return fsck_answer(p->f);
}

redis_call *plan_call(fsck_plan *p, const char *command, const char *key) {
    redis_call *call = &p->calls[p->count++];
    call_command(call, command);
    call_key(call, key);
    return call;
}

void plan_remove(fsck_plan *p, const char *command, const char *key, const char *field) {
    call_str(plan_call(p, command, key), field);
}

void plan_set_ttl(fsck_plan *p, const char *key, int64_t msec) {
    call_int(plan_call(p, "PEXPIRE", key), msec);
}

void plan_says(fsck_plan *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(p->did, sizeof p->did, format, args);
    va_end(args);
}

/* ---- carrying it out ------------------------------------------------------------------------------------------------- */

static void keep(fsck_repair *r, fsck_result result, const char *text) {
    r->result = result;
    snprintf(r->text, sizeof r->text, "%s", text);
}

/* Plans and runs. False: something has changed; look again. */
static bool carry_out(fsck_plan *p, fsck_repair *r) {
    asker *ask = &p->f->ask;
    char why[CAS_WHY_MAX];
    departure gone;
    const char *reason = repairs[p->finding->kind].plan(p);
    if (ask->status) return true;
    if (reason || !p->count) {
        cas_forget(ask);
        keep(r, FSCK_NOT_REPAIRED, reason ? reason : "there is nothing to change");
        return true;
    }
    cas_result result = cas_run(ask, p->calls, p->count, why);
    if (result == CAS_CHANGED) return false;
    if (result == CAS_REFUSED) {
        keep(r, FSCK_NOT_REPAIRED, why);
        return true;
    }
    if (p->depart) departure_run(ask, p->f->keys, p->name.rest, "", &gone);
    keep(r, FSCK_REPAIRED, p->did);
    return true;
}

static bool is_askable(const fsck_finding *finding) {
    return strlen(finding->key) < KEY_MAX && strlen(finding->subject) <= FSCK_VALUE_MAX;
}

sched_status fsck_repair_one(sync_client *client, const keyspace *ks, const fsck_finding *finding,
                             fsck_repair *ret_repair, sched_error *err) {
    fsck_report ignored = {0};
    fsck f = {.ask = {.client = client, .err = err}, .keys = ks, .report = &ignored, .watching = true};
    fsck_repair r;
    keep(&r, FSCK_NOT_REPAIRED,
         is_askable(finding) ? "it changes all the time" : "its name is too long to be asked about");
    bool done = !is_askable(finding);
    for (int i = 0; i < TRIES && !done && !f.ask.status; i++) {
        bool still = true;
        f.ask.status = fsck_look_again(client, ks, finding, true, &still, err);
        fsck_plan plan = {.f = &f, .finding = finding, .name = key_name_of(ks, finding->key), .now = asker_now(&f.ask)};
        if (still) {
            done = carry_out(&plan, &r);
        } else {
            cas_forget(&f.ask);
            keep(&r, FSCK_NOT_THERE, "it is not there any more");
            done = true;
        }
    }
    if (!f.ask.status) *ret_repair = r;
    return f.ask.status;
}
