/* totals.c - nodes come from the expiry indexes, unfinished jobs from the deadline indexes, and what no index knows (pools,
 * sessions, rooms, jobs that are over) from the names of the keys. */
#include "core/view/totals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain/ids.h"
#include "core/view/key_names.h"
#include "core/view/members.h"

typedef struct reading {
    asker *ask;
    const keyspace *keys;
    totals *into;
    int64_t jobs;
} reading;

/* ---- nodes ----------------------------------------------------------------------------------------------------------- */

static void count_node(totals *s, const fleet_node *n) {
    s->nodes++;
    s->not_up += !n->up;
    s->reservations += n->load;
    for (int i = 0; i < FLEET_STATUSES; i++) s->by_status[i] += !strcmp(n->status, fleet_statuses[i]);
    if (strcmp(n->status, "ready") != 0 && strcmp(n->status, "degraded") != 0) return;
    s->slots += n->slots;
    s->load += n->load;
}

static void count_nodes(reading *r) {
    fleet f;
    fleet_read(r->ask, r->keys, &f);
    for (size_t i = 0; i < f.count; i++) count_node(r->into, &f.nodes[i]);
    fleet_free(&f);
}

/* ---- unfinished jobs ------------------------------------------------------------------------------------------------- */

static bool is_job(const char *id) {
    unsigned bucket;
    return id_valid(id) && job_bucket_of_job(id, &bucket);
}

static void count_states(void *ctx, const redis_reply *batch) {
    reading *r = ctx;
    redis_key key;
    for (size_t i = 0; i + 1 < reply_count(batch); i += 2)
        if (is_job(reply_text(reply_at(batch, i))))
            asker_put_about(r->ask, "HGET", key_job(&key, r->keys, reply_text(reply_at(batch, i))), "state");
    for (size_t i = 0; i + 1 < reply_count(batch); i += 2) {
        job_state state;
        if (!is_job(reply_text(reply_at(batch, i)))) continue;
        redis_reply *text = asker_take(r->ask);
        if (job_state_parse(reply_text(text), &state)) r->into->by_state[state]++;
        r->into->due += strtod(reply_text(reply_at(batch, i + 1)), NULL) <= (double)r->into->now;
        sync_reply_free(text);
    }
}

static void count_unfinished(reading *r) {
    redis_key key;
    for (unsigned bucket = 0; bucket < JOB_BUCKETS && !r->ask->status; bucket++)
        asker_scan_entries(r->ask, "ZSCAN", key_job_deadlines(&key, r->keys, bucket), count_states, r);
}

/* ---- the rest -------------------------------------------------------------------------------------------------------- */

static void count_keys(void *ctx, const redis_reply *keys) {
    reading *r = ctx;
    totals *s = r->into;
    int64_t pools = 0;
    s->keys += (int64_t)reply_count(keys);
    for (size_t i = 0; i < reply_count(keys); i++) {
        const char *key = reply_text(reply_at(keys, i));
        key_kind kind = key_name_of(r->keys, key).kind;
        r->jobs += kind == KEY_JOB;
        s->sessions += kind == KEY_SESSION;
        s->rooms += kind == KEY_ROOM;
        if (kind != KEY_MEMBERS) continue;
        asker_put_about(r->ask, "HLEN", key, NULL);
        pools++;
    }
    s->pools += pools;
    for (; pools > 0; pools--) {
        redis_reply *members = asker_take(r->ask);
        s->members += reply_int(members);
        sync_reply_free(members);
    }
}

/* "\r\nused_memory:1234\r\n": the text behind the colon, NULL when it is not told. */
static const char *info_field(const char *info, const char *name) {
    size_t len = strlen(name);
    for (const char *line = info; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (!strncmp(line, name, len) && line[len] == ':') return line + len + 1;
    return NULL;
}

static int64_t info_number(const char *info, const char *name) {
    const char *text = info_field(info, name);
    return text ? strtoimax(text, NULL, 10) : 0;
}

/* Adds what one server says. */
static void read_server(void *ctx) {
    reading *r = ctx;
    totals *s = r->into;
    redis_call call;
    call_command(&call, "INFO");
    call_str(&call, "everything");
    redis_reply *reply = asker_call(r->ask, &call);
    const char *info = reply_text(reply), *version = info_field(info, "redis_version");
    if (version) snprintf(s->redis_version, sizeof s->redis_version, "%.*s", (int)strcspn(version, "\r\n"), version);
    s->memory += info_number(info, "used_memory");
    s->memory_max += info_number(info, "maxmemory");
    s->commands_per_sec += info_number(info, "instantaneous_ops_per_sec");
    s->clients += info_number(info, "connected_clients");
    sync_reply_free(reply);
}

void totals_read(asker *ask, const keyspace *ks, totals *ret_totals) {
    redis_key key;
    *ret_totals = (totals){.now = asker_now(ask)};
    reading r = {.ask = ask, .keys = ks, .into = ret_totals};
    asker_at_each_master(ask, read_server, &r); /* first, so that our own commands are not in the rate */
    count_nodes(&r);
    count_unfinished(&r);
    asker_scan(ask, key_pattern_all(&key, ks), count_keys, &r);
    int64_t indexed = 0;
    for (int state = 0; state < JOB_RELEASED; state++) indexed += ret_totals->by_state[state];
    ret_totals->by_state[JOB_RELEASED] = r.jobs > indexed ? r.jobs - indexed : 0;
}

/* ---- telling --------------------------------------------------------------------------------------------------------- */

static json_t *nodes_json(const totals *s) {
    json_t *nodes = json_object();
    view_set_number(nodes, "count", s->nodes);
    for (int i = 0; i < FLEET_STATUSES; i++) view_set_number(nodes, fleet_statuses[i], s->by_status[i]);
    view_set_number(nodes, "not_up", s->not_up);
    view_set_number(nodes, "slots", s->slots);
    view_set_number(nodes, "load", s->load);
    view_set_number(nodes, "reservations", s->reservations);
    return nodes;
}

static json_t *jobs_json(const totals *s) {
    json_t *jobs = json_object();
    for (int i = 0; i < JOB_STATES; i++) view_set_number(jobs, job_state_name((job_state)i), s->by_state[i]);
    view_set_number(jobs, "due", s->due);
    return jobs;
}

static json_t *redis_json(const totals *s) {
    json_t *redis = json_object();
    view_set_text(redis, "version", s->redis_version);
    view_set_number(redis, "memory_bytes", s->memory);
    view_set_number(redis, "memory_max_bytes", s->memory_max);
    view_set_number(redis, "commands_per_sec", s->commands_per_sec);
    view_set_number(redis, "clients", s->clients);
    view_set_number(redis, "keys", s->keys);
    return redis;
}

json_t *totals_json(const totals *s) {
    json_t *document = json_object();
    view_set_number(document, "now", s->now);
    json_object_set_new(document, "nodes", nodes_json(s));
    json_object_set_new(document, "jobs", jobs_json(s));
    view_set_number(document, "pools", s->pools);
    view_set_number(document, "members", s->members);
    view_set_number(document, "sessions", s->sessions);
    view_set_number(document, "rooms", s->rooms);
    json_object_set_new(document, "redis", redis_json(s));
    return document;
}
