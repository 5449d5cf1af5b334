/* stats.c - nodes come from the expiry indexes, unfinished jobs from the deadline indexes, and what no index knows (pools,
 * sessions, rooms, jobs that are over) from the names of the keys. */
#include "core/ctl/stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ctl/key_names.h"
#include "core/ctl/show.h"
#include "core/domain/ids.h"

typedef struct reading {
    asker *ask;
    const keyspace *keys;
    stats *into;
    int64_t jobs;
} reading;

/* ---- nodes ----------------------------------------------------------------------------------------------------------- */

static void count_node(stats *s, const fleet_node *n) {
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
    stats *s = r->into;
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
    stats *s = r->into;
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

void stats_read(asker *ask, const keyspace *ks, stats *ret_stats) {
    redis_key key;
    *ret_stats = (stats){.now = asker_now(ask)};
    reading r = {.ask = ask, .keys = ks, .into = ret_stats};
    asker_at_each_master(ask, read_server, &r); /* first, so that our own commands are not in the rate */
    count_nodes(&r);
    count_unfinished(&r);
    asker_scan(ask, key_pattern_all(&key, ks), count_keys, &r);
    int64_t indexed = 0;
    for (int state = 0; state < JOB_RELEASED; state++) indexed += ret_stats->by_state[state];
    ret_stats->by_state[JOB_RELEASED] = r.jobs > indexed ? r.jobs - indexed : 0;
}

/* ---- telling --------------------------------------------------------------------------------------------------------- */

static json_t *nodes_json(const stats *s) {
    json_t *nodes = json_object();
    show_set_number(nodes, "count", s->nodes);
    for (int i = 0; i < FLEET_STATUSES; i++) show_set_number(nodes, fleet_statuses[i], s->by_status[i]);
    show_set_number(nodes, "not_up", s->not_up);
    show_set_number(nodes, "slots", s->slots);
    show_set_number(nodes, "load", s->load);
    show_set_number(nodes, "reservations", s->reservations);
    return nodes;
}

static json_t *jobs_json(const stats *s) {
    json_t *jobs = json_object();
    for (int i = 0; i < JOB_STATES; i++) show_set_number(jobs, job_state_name((job_state)i), s->by_state[i]);
    show_set_number(jobs, "due", s->due);
    return jobs;
}

static json_t *redis_json(const stats *s) {
    json_t *redis = json_object();
    show_set_text(redis, "version", s->redis_version);
    show_set_number(redis, "memory_bytes", s->memory);
    show_set_number(redis, "memory_max_bytes", s->memory_max);
    show_set_number(redis, "commands_per_sec", s->commands_per_sec);
    show_set_number(redis, "clients", s->clients);
    show_set_number(redis, "keys", s->keys);
    return redis;
}

json_t *stats_json(const stats *s) {
    json_t *document = json_object();
    show_set_number(document, "now", s->now);
    json_object_set_new(document, "nodes", nodes_json(s));
    json_object_set_new(document, "jobs", jobs_json(s));
    show_set_number(document, "pools", s->pools);
    show_set_number(document, "members", s->members);
    show_set_number(document, "sessions", s->sessions);
    show_set_number(document, "rooms", s->rooms);
    json_object_set_new(document, "redis", redis_json(s));
    return document;
}

static void print_nodes(const stats *s, FILE *out) {
    fprintf(out, "nodes     %" PRId64, s->nodes);
    for (int i = 0; i < FLEET_STATUSES; i++)
        if (s->by_status[i]) fprintf(out, ", %s %" PRId64, fleet_statuses[i], s->by_status[i]);
    if (s->not_up) fprintf(out, "; services not up at %" PRId64, s->not_up);
    fprintf(out, "\nslots     %" PRId64 ", taken %" PRId64, s->slots, s->load);
    if (s->slots) fprintf(out, " (%.0f %%)", 100.0 * (double)s->load / (double)s->slots);
    fprintf(out, ", free %" PRId64 "; reservations %" PRId64 "\n", s->slots > s->load ? s->slots - s->load : 0,
            s->reservations);
}

static void print_jobs(const stats *s, FILE *out) {
    const int64_t *n = s->by_state;
    fprintf(out,
            "jobs      waiting %" PRId64 ", sent %" PRId64 ", accepted %" PRId64 ", running %" PRId64
            ", to release %" PRId64 ", over %" PRId64 "; past their deadline %" PRId64 "\n",
            n[JOB_CREATED], n[JOB_DISPATCHED], n[JOB_ACCEPTED], n[JOB_RUNNING], n[JOB_FINISHED], n[JOB_RELEASED],
            s->due);
}

void stats_print(const stats *s, FILE *out) {
    char size[32], most[32];
    print_nodes(s, out);
    print_jobs(s, out);
    fprintf(out, "pools     %" PRId64 " pairs, %" PRId64 " members\n", s->pools, s->members);
    fprintf(out, "sessions  %" PRId64 "; rooms %" PRId64 "\n", s->sessions, s->rooms);
    fprintf(out, "redis     %s, %s", s->redis_version, show_size(size, sizeof size, s->memory));
    if (s->memory_max) fprintf(out, " of %s", show_size(most, sizeof most, s->memory_max));
    fprintf(out, ", %" PRId64 " keys, %" PRId64 " commands/s, %" PRId64 " clients\n", s->keys, s->commands_per_sec,
            s->clients);
}
