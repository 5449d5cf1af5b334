/* api_documents.c - a path, its parameters, and the document of core/view that answers it.
 *
 * Parameters are judged on the loop, before anything is asked; the key of a read is made of what was understood, so that two
 * spellings of one question are one read. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/daemon/api_internal.h"
#include "core/domain/ids.h"
#include "core/view/entries.h"
#include "core/view/fleet.h"
#include "core/view/key_names.h"
#include "core/view/members.h"
#include "core/view/totals.h"

enum { LIMIT_INITIAL = 1000, LIMIT_MOST = 100000 };

/* ---- parameters ----------------------------------------------------------------------------------------------------- */

static bool take_limit(server_request *r, read_args *args) {
    return api_param_count(r, "limit", 1, LIMIT_MOST, LIMIT_INITIAL, &args->limit);
}

static bool take_status(server_request *r, read_args *args) {
    const char *status = server_request_param(r, "status");
    if (!status || !*status) return true;
    for (int i = 0; i < FLEET_STATUSES; i++)
        if (!strcmp(status, fleet_statuses[i])) args->status = fleet_statuses[i];
    if (args->status) return true;
    api_answer_error(r, 400, "status \"%.40s\": expected registering, ready, degraded, draining or offline", status);
    return false;
}

/* `text` NULL or "": none. */
static bool take_pair(server_request *r, const char *text, read_args *args) {
    sched_error err;
    if (!text || !*text) return true;
    if (lang_pair_parse(text, &args->pair, &err)) {
        api_answer_error(r, 400, "%s", err.message);
        return false;
    }
    args->has_pair = true;
    return true;
}

/* What stands behind the path: an id of `what`. */
static bool take_id(server_request *r, const char *what, read_args *args) {
    sched_error err;
    const char *id = server_request_rest(r);
    if (id_check(what, id, &err)) {
        api_answer_error(r, 400, "%s", err.message);
        return false;
    }
    snprintf(args->id, sizeof args->id, "%s", id);
    return true;
}

static void read_it(api *a, server_request *r, const char *what, read_document *read, const read_args *args) {
    char key[512];
    snprintf(key, sizeof key, "%s %s %s %s:%s %s:%s %d %" PRId64, what, args->id, args->status ? args->status : "",
             args->pair.src, args->pair.tgt, args->pattern.src, args->pattern.tgt, args->languages, args->limit);
    api_read(a->reads, key, read, args, r, NULL, NULL);
}

/* In a thread: the document, or that the named one is not there. */
static json_t *found_or(json_t *document, const asker *ask, sched_error *why, const char *what, const char *id) {
    if (!document && !ask->status && !*why->message) sched_fail(why, SCHED_EINVAL, "no %s %s", what, id);
    return document;
}

/* ---- nodes and pools ------------------------------------------------------------------------------------------------ */

static json_t *read_nodes(asker *ask, const keyspace *ks, const read_args *args, survey *found, sched_error *why) {
    (void)found, (void)why;
    nodes_wanted wanted = {
        .status = args->status,
        .pair = args->has_pair ? &args->pair : NULL,
        .limit = args->limit,
        .languages = args->languages,
    };
    return view_nodes(ask, ks, &wanted);
}

void api_get_nodes(void *ctx, server_request *r) {
    read_args args = {.id = ""};
    if (!take_limit(r, &args) || !take_status(r, &args) || !take_pair(r, server_request_param(r, "pair"), &args))
        return;
    args.languages = api_param_flag(r, "languages");
    read_it(ctx, r, "nodes", read_nodes, &args);
}

static json_t *read_node(asker *ask, const keyspace *ks, const read_args *args, survey *found, sched_error *why) {
    (void)found;
    return found_or(view_node(ask, ks, args->id), ask, why, "node", args->id);
}

void api_get_node(void *ctx, server_request *r) {
    read_args args = {.id = ""};
    if (take_id(r, "node id", &args)) read_it(ctx, r, "node", read_node, &args);
}

static json_t *read_pools(asker *ask, const keyspace *ks, const read_args *args, survey *found, sched_error *why) {
    (void)found, (void)why;
    return view_pools(ask, ks, &args->pattern);
}

void api_get_pools(void *ctx, server_request *r) {
    read_args args = {.pattern = {"*", "*"}};
    const char *pair = server_request_param(r, "pair");
    if (pair && *pair && !pair_pattern_parse(pair, &args.pattern))
        api_answer_error(r, 400, "pair \"%.40s\": expected SRC:TGT, either side may be '*'", pair);
    else
        read_it(ctx, r, "pools", read_pools, &args);
}

static json_t *read_pool(asker *ask, const keyspace *ks, const read_args *args, survey *found, sched_error *why) {
    char text[PAIR_MAX + 1];
    (void)found;
    return found_or(view_pool(ask, ks, &args->pair, args->limit), ask, why, "node is in the pool of",
                    lang_pair_text(text, &args->pair));
}

void api_get_pool(void *ctx, server_request *r) {
    read_args args = {.id = ""};
    if (!take_limit(r, &args) || !take_pair(r, server_request_rest(r), &args)) return;
    if (args.has_pair)
        read_it(ctx, r, "pool", read_pool, &args);
    else
        api_answer_error(r, 400, "expected /api/v1/pools/SRC:TGT");
}

/* ---- jobs, sessions, rooms ------------------------------------------------------------------------------------------ */

static json_t *read_job(asker *ask, const keyspace *ks, const read_args *args, survey *found, sched_error *why) {
    (void)found;
    return found_or(view_job(ask, ks, args->id, why), ask, why, "job or request", args->id);
}

void api_get_job(void *ctx, server_request *r) {
    read_args args = {.id = ""};
    const char *id = server_request_rest(r);
    if (!request_id_valid(id)) {
        api_answer_error(r, 400, "\"%.80s\": expected the id of a job or of a request", id);
        return;
    }
    snprintf(args.id, sizeof args.id, "%s", id);
    read_it(ctx, r, "job", read_job, &args);
}

static json_t *read_session(asker *ask, const keyspace *ks, const read_args *args, survey *found, sched_error *why) {
    (void)found;
    return found_or(view_session(ask, ks, args->id), ask, why, "session", args->id);
}

void api_get_session(void *ctx, server_request *r) {
    read_args args = {.id = ""};
    if (take_id(r, "session id", &args)) read_it(ctx, r, "session", read_session, &args);
}

static json_t *read_rooms(asker *ask, const keyspace *ks, const read_args *args, survey *found, sched_error *why) {
    (void)args, (void)found, (void)why;
    return view_rooms(ask, ks);
}

void api_get_rooms(void *ctx, server_request *r) {
    read_args args = {.id = ""};
    read_it(ctx, r, "rooms", read_rooms, &args);
}

static json_t *read_room(asker *ask, const keyspace *ks, const read_args *args, survey *found, sched_error *why) {
    (void)found;
    return found_or(view_room(ask, ks, args->id), ask, why, "room", args->id);
}

void api_get_room(void *ctx, server_request *r) {
    api *a = ctx;
    read_args args = {.id = ""};
    redis_key key;
    if (!take_id(r, "room", &args)) return;
    if (key_name_of(a->env.keys, key_room(&key, a->env.keys, args.id)).kind == KEY_ROOM)
        read_it(a, r, "room", read_room, &args);
    else
        api_answer_error(r, 400, "room \"%s\": expected six digits", args.id);
}

/* ---- instances ------------------------------------------------------------------------------------------------------ */

static json_t *read_instances(asker *ask, const keyspace *ks, const read_args *args, survey *found, sched_error *why) {
    (void)args, (void)found, (void)why;
    return view_instances(ask, ks);
}

void api_get_instances(void *ctx, server_request *r) {
    read_args args = {.id = ""};
    read_it(ctx, r, "instances", read_instances, &args);
}

static json_t *read_inbox(asker *ask, const keyspace *ks, const read_args *args, survey *found, sched_error *why) {
    (void)found;
    return found_or(view_inbox(ask, ks, args->id, args->limit), ask, why, "inbox of instance", args->id);
}

void api_get_inbox(void *ctx, server_request *r) {
    read_args args = {.id = ""};
    if (take_limit(r, &args) && take_id(r, "instance id", &args)) read_it(ctx, r, "inbox", read_inbox, &args);
}

static json_t *read_dead_letters(asker *ask, const keyspace *ks, const read_args *args, survey *found,
                                 sched_error *why) {
    (void)found, (void)why;
    return view_dead_letters(ask, ks, *args->id ? args->id : NULL, args->limit);
}

void api_get_dead_letters(void *ctx, server_request *r) {
    read_args args = {.id = ""};
    sched_error err;
    const char *of = server_request_param(r, "instance");
    if (!take_limit(r, &args)) return;
    if (of && *of) {
        if (id_check("instance", of, &err)) {
            api_answer_error(r, 400, "%s", err.message);
            return;
        }
        snprintf(args.id, sizeof args.id, "%s", of);
    }
    read_it(ctx, r, "dead-letters", read_dead_letters, &args);
}

/* ---- the whole system ----------------------------------------------------------------------------------------------- */

static int64_t number(const json_t *object, const char *field) {
    return json_integer_value(json_object_get(object, field));
}

static bool is_state(const json_t *one, const char *state) {
    return !strcmp(json_string_value(json_object_get(one, "state")), state);
}

static void sum_instances(const json_t *list, survey *s, int64_t *ret_entries) {
    *ret_entries = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        s->instances += is_state(one, "alive");
        s->lost += is_state(one, "dead");
        s->dead_letters += number(one, "dead_letters");
        *ret_entries += number(one, "waiting") + number(one, "pending");
    }
}

static survey survey_of(const totals *t) {
    return (survey){
        .nodes = t->nodes,
        .ready = t->by_status[1],
        .degraded = t->by_status[2],
        .slots = t->slots,
        .load = t->load,
        .sessions = t->sessions,
        .pools = t->pools,
        .waiting = t->by_state[JOB_CREATED],
        .unfinished = t->by_state[JOB_CREATED] + t->by_state[JOB_DISPATCHED] + t->by_state[JOB_ACCEPTED] +
                      t->by_state[JOB_RUNNING],
        .due = t->due,
    };
}

/* What lingua-ctl tells as stats and instances, in one; the sums under the names that the predecessor's dashboards read. */
static json_t *read_cluster(asker *ask, const keyspace *ks, const read_args *args, survey *found, sched_error *why) {
    totals t;
    int64_t entries = 0;
    (void)args, (void)why;
    totals_read(ask, ks, &t);
    json_t *document = totals_json(&t), *instances = view_instances(ask, ks);
    json_t *list = json_object_get(instances, "instances");
    survey s = survey_of(&t);
    sum_instances(list, &s, &entries);
    json_object_set(document, "instances", list);
    json_decref(instances);
    view_set_number(document, "total_instances", (int64_t)json_array_size(list));
    view_set_number(document, "online_instances", s.instances);
    view_set_number(document, "total_nodes", s.nodes);
    view_set_number(document, "online_nodes", s.nodes - t.by_status[FLEET_STATUSES - 1]);
    view_set_number(document, "ready_nodes", s.ready);
    view_set_number(document, "total_sessions", s.sessions);
    view_set_number(document, "total_pending", entries);
    view_set_number(document, "total_dlq", s.dead_letters);
    view_set_text(document, "redis_key_prefix", ks->prefix);
    *found = s;
    return view_told(ask, document);
}

static void on_survey(void *ctx, const survey *found) {
    api *a = ctx;
    a->survey_under_way = false;
    if (!found) return;
    a->survey = *found;
    a->survey.at = clock_now(&a->env.clock);
}

static void survey_for(api *a, server_request *r) {
    static const read_args none = {.id = ""};
    if (!a->survey_under_way) a->survey_begun = clock_now(&a->env.clock);
    a->survey_under_way = true;
    api_read(a->reads, "cluster", read_cluster, &none, r, on_survey, a);
}

void api_survey(api *a) {
    if (!a->survey_under_way) survey_for(a, NULL);
}

void api_get_cluster(void *ctx, server_request *r) {
    survey_for(ctx, r);
}
