/* fleet.c - the 64 expiry indexes are walked one after the other; each batch of ids is read in one pipeline: the record's
 * fields and the number of unexpired reservations. Ids are sorted at the end, and one that came twice is taken once. */
#include "core/view/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/view/members.h"
#include "core/view/record.h"

enum { QUESTIONS = 2, TOGETHER = ASKER_TOGETHER / QUESTIONS };

const char *const fleet_statuses[FLEET_STATUSES] = {"registering", "ready", "degraded", "draining", "offline"};

bool fleet_status_valid(const char *text) {
    for (size_t i = 0; text && i < FLEET_STATUSES; i++)
        if (!strcmp(text, fleet_statuses[i])) return true;
    return false;
}

/* ---- one record ------------------------------------------------------------------------------------------------------ */

/* In the order of enum field. */
static const char *const fields[] = {"owner", "ver",     "aver", "status", "slots", "cpu",   "gpu",   "mem",
                                     "seen",  "running", "up",   "hist",   "trial", "since", "marked"};
enum field { OWNER, VER, AVER, STATUS, SLOTS, CPU, GPU, MEM, SEEN, RUNNING, UP, HIST, TRIAL, SINCE, MARKED };

static void ask_about(asker *ask, const keyspace *ks, const char *node_id, int64_t now) {
    redis_key key;
    redis_call call;
    char after[24];
    call_command(&call, "HMGET");
    call_key(&call, key_node(&key, ks, node_id));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) call_str(&call, fields[i]);
    asker_put(ask, &call);
    snprintf(after, sizeof after, "(%lld", (long long)now);
    call_command(&call, "ZCOUNT");
    call_key(&call, key_node_reservations(&key, ks, node_id));
    call_str(&call, after);
    call_str(&call, "+inf");
    asker_put(ask, &call);
}

static void take_answers(asker *ask, fleet_node *n) {
    redis_reply *record = asker_take(ask), *load = asker_take(ask);
    n->load = reply_int(load);
    snprintf(n->owner, sizeof n->owner, "%s", reply_text(reply_at(record, OWNER)));
    snprintf(n->status, sizeof n->status, "%s", reply_text(reply_at(record, STATUS)));
    snprintf(n->hist, sizeof n->hist, "%s", reply_text(reply_at(record, HIST)));
    n->version = reply_int(reply_at(record, VER));
    n->assigned = reply_int(reply_at(record, AVER));
    n->slots = reply_int(reply_at(record, SLOTS));
    n->cpu = reply_int(reply_at(record, CPU));
    n->gpu = reply_int(reply_at(record, GPU));
    n->mem = reply_int(reply_at(record, MEM));
    n->seen = reply_int(reply_at(record, SEEN));
    n->running = reply_int(reply_at(record, RUNNING));
    n->up = strcmp(reply_text(reply_at(record, UP)), "0") != 0;
    n->trial = reply_int(reply_at(record, TRIAL));
    n->since = reply_int(reply_at(record, SINCE));
    n->marked = reply_int(reply_at(record, MARKED));
    sync_reply_free(record);
    sync_reply_free(load);
}

void fleet_fill(asker *ask, const keyspace *ks, fleet_node *nodes, size_t count) {
    int64_t now = asker_now(ask);
    for (size_t from = 0; from < count && !ask->status; from += TOGETHER) {
        size_t end = count - from < TOGETHER ? count : from + TOGETHER;
        for (size_t i = from; i < end; i++) ask_about(ask, ks, nodes[i].id, now);
        for (size_t i = from; i < end; i++) take_answers(ask, &nodes[i]);
    }
}

json_t *fleet_node_json(const fleet_node *n) {
    json_t *object = json_object();
    view_set_text(object, "node", n->id);
    view_set_text(object, "status", n->status);
    view_set_truth(object, "up", n->up);
    view_set_number(object, "load", n->load);
    view_set_number(object, "slots", n->slots);
    view_set_number(object, "cpu", n->cpu);
    view_set_number(object, "gpu", n->gpu);
    view_set_number(object, "mem", n->mem);
    view_set_number(object, "running", n->running);
    view_set_number(object, "seen", n->seen);
    view_set_number(object, "version", n->version);
    view_set_number(object, "assigned", n->assigned);
    view_set_text(object, "owner", n->owner);
    if (n->since) view_set_number(object, "since", n->since);
    if (*n->hist) view_set_text(object, "hist", n->hist);
    if (n->trial) view_set_number(object, "trial", n->trial);
    if (n->marked) view_set_number(object, "marked", n->marked);
    return object;
}

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

static void add_id(fleet *f, const char *id) {
    if (!id_valid(id)) return;
    if (f->count == f->capacity) {
        f->capacity = f->capacity ? 2 * f->capacity : 256;
        f->nodes = mem_realloc(f->nodes, f->capacity, sizeof *f->nodes);
    }
    fleet_node *n = &f->nodes[f->count++];
    *n = (fleet_node){.id = ""};
    snprintf(n->id, sizeof n->id, "%s", id);
}

static void add_ids(void *ctx, const redis_reply *batch) {
    for (size_t i = 0; i + 1 < reply_count(batch); i += 2) add_id(ctx, reply_text(reply_at(batch, i)));
}

static void add_members(void *ctx, const redis_reply *batch) {
    char node_id[ID_MAX + 1];
    int64_t version;
    for (size_t i = 0; i + 1 < reply_count(batch); i += 2)
        if (record_numbered(reply_text(reply_at(batch, i + 1)), node_id, &version)) add_id(ctx, node_id);
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const fleet_node *)a)->id, ((const fleet_node *)b)->id);
}

static void sort_once(fleet *f) {
    size_t kept = 0;
    if (f->count) qsort(f->nodes, f->count, sizeof *f->nodes, by_id);
    for (size_t i = 0; i < f->count; i++)
        if (kept == 0 || strcmp(f->nodes[kept - 1].id, f->nodes[i].id) != 0) f->nodes[kept++] = f->nodes[i];
    f->count = kept;
}

/* Entries of the index without a record are no nodes. */
static void drop_missing(fleet *f) {
    size_t kept = 0;
    for (size_t i = 0; i < f->count; i++)
        if (*f->nodes[i].status || f->nodes[i].version) f->nodes[kept++] = f->nodes[i];
    f->count = kept;
}

static void fill_all(asker *ask, const keyspace *ks, fleet *f) {
    sort_once(f);
    fleet_fill(ask, ks, f->nodes, f->count);
    drop_missing(f);
}

void fleet_read(asker *ask, const keyspace *ks, fleet *ret_fleet) {
    fleet f = {.count = 0};
    for (unsigned bucket = 0; bucket < NODE_BUCKETS && !ask->status; bucket++) {
        redis_key key;
        asker_scan_entries(ask, "ZSCAN", key_node_expiry(&key, ks, bucket), add_ids, &f);
    }
    fill_all(ask, ks, &f);
    *ret_fleet = f;
}

void fleet_read_pool(asker *ask, const keyspace *ks, const lang_pair *pair, fleet *ret_fleet) {
    fleet f = {.count = 0};
    redis_key key;
    asker_scan_entries(ask, "HSCAN", key_pool_members(&key, ks, pair->src, pair->tgt), add_members, &f);
    fill_all(ask, ks, &f);
    *ret_fleet = f;
}

void fleet_free(fleet *f) {
    free(f->nodes);
    *f = (fleet){.count = 0};
}

const fleet_node *fleet_node_of(const fleet *f, const char *node_id) {
    fleet_node wanted = {.id = ""};
    snprintf(wanted.id, sizeof wanted.id, "%s", node_id);
    return f->count ? bsearch(&wanted, f->nodes, f->count, sizeof *f->nodes, by_id) : NULL;
}
