/* nodes.c - nodes, all or one. What one node tells is spread over the keys of its bucket; they are read in a few pipelines and
 * not in one step, so a node that is just changing may show both sides of its change. */
#include "core/view/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/view/fleet.h"
#include "core/view/members.h"
#include "core/view/record.h"

enum { RESERVATIONS_MAX = 100 };

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

static void put_languages_question(asker *ask, const keyspace *ks, const fleet_node *node) {
    redis_key key;
    char version[24];
    snprintf(version, sizeof version, "%lld", (long long)node->version);
    asker_put_about(ask, "HGET", key_node_langs(&key, ks, node->id), version);
}

static void set_service(json_t *node, const lang_service *service) {
    char text[LANG_LIST_TEXT_MAX];
    view_set_text(node, "sources", lang_list_text(text, &service->sources));
    view_set_text(node, "targets", lang_list_text(text, &service->targets));
    view_set_number(node, "pairs", lang_service_pairs(service));
}

static void add_all_languages(asker *ask, const keyspace *ks, const fleet *f, json_t *list) {
    size_t count = json_array_size(list);
    for (size_t from = 0; from < count && !ask->status; from += ASKER_TOGETHER) {
        size_t end = count - from < ASKER_TOGETHER ? count : from + ASKER_TOGETHER;
        for (size_t i = from; i < end; i++) {
            const char *id = json_string_value(json_object_get(json_array_get(list, i), "node"));
            put_languages_question(ask, ks, fleet_node_of(f, id));
        }
        for (size_t i = from; i < end; i++) {
            lang_service service;
            redis_reply *offer = asker_take(ask);
            if (record_offer(reply_text(offer), &service)) set_service(json_array_get(list, i), &service);
            sync_reply_free(offer);
        }
    }
}

json_t *view_nodes(asker *ask, const keyspace *ks, const nodes_wanted *wanted) {
    fleet f;
    int64_t matching = 0;
    if (wanted->pair)
        fleet_read_pool(ask, ks, wanted->pair, &f);
    else
        fleet_read(ask, ks, &f);
    json_t *document = json_object(), *list = json_array();
    view_set_number(document, "now", asker_now(ask));
    for (size_t i = 0; i < f.count; i++) {
        if (wanted->status && strcmp(f.nodes[i].status, wanted->status) != 0) continue;
        if (matching++ < wanted->limit) json_array_append_new(list, fleet_node_json(&f.nodes[i]));
    }
    if (wanted->languages) add_all_languages(ask, ks, &f, list);
    view_set_number(document, "count", (int64_t)f.count);
    view_set_number(document, "matching", matching);
    json_object_set_new(document, "nodes", list);
    fleet_free(&f);
    return view_told(ask, document);
}

/* ---- one of them ----------------------------------------------------------------------------------------------------- */

static void add_languages(asker *ask, const keyspace *ks, json_t *node, const char *id, int64_t version) {
    redis_key key;
    char name[24];
    lang_service service;
    lang_pair pair;
    int64_t joined = 0;
    redis_reply *langs = asker_call_about(ask, "HGETALL", key_node_langs(&key, ks, id), NULL);
    snprintf(name, sizeof name, "%lld", (long long)version);
    view_set_number(node, "generations", (int64_t)reply_count(langs) / 2);
    if (record_offer(record_field(langs, name), &service)) {
        set_service(node, &service);
        for (int at = 0; lang_service_next(&service, &at, &pair);)
            asker_put_about(ask, "HGET", key_pool_places(&key, ks, pair.src, pair.tgt), id);
        for (int at = 0; lang_service_next(&service, &at, &pair);) {
            redis_reply *place = asker_take(ask);
            joined += place && !reply_is_nil(place);
            sync_reply_free(place);
        }
        view_set_number(node, "joined", joined);
    }
    sync_reply_free(langs);
}

static void add_reservations(asker *ask, const keyspace *ks, json_t *node, const char *id, int64_t now) {
    redis_key key;
    redis_call call;
    char after[24];
    json_t *list = json_array();
    snprintf(after, sizeof after, "(%lld", (long long)now);
    call_command(&call, "ZRANGEBYSCORE");
    call_key(&call, key_node_reservations(&key, ks, id));
    call_str(&call, after);
    call_str(&call, "+inf");
    call_str(&call, "WITHSCORES");
    call_str(&call, "LIMIT");
    call_int(&call, 0);
    call_int(&call, RESERVATIONS_MAX);
    redis_reply *held = asker_call(ask, &call);
    for (size_t i = 0; i + 1 < reply_count(held); i += 2) {
        char job_id[ID_MAX + 1] = "";
        int64_t attempt = 0;
        json_t *entry = json_object();
        bool good = record_numbered(reply_text(reply_at(held, i)), job_id, &attempt);
        view_set_text(entry, "job", good ? job_id : reply_text(reply_at(held, i)));
        view_set_number(entry, "attempt", attempt);
        view_set_number(entry, "until", reply_int(reply_at(held, i + 1)));
        json_array_append_new(list, entry);
    }
    sync_reply_free(held);
    json_object_set_new(node, "reservations", list);
}

/* The key's deadline, ms, is in the value: "until service@version". */
static void add_mark(void *ctx, const redis_reply *batch) {
    for (size_t i = 0; i + 1 < reply_count(batch); i += 2) {
        const char *value = reply_text(reply_at(batch, i + 1)), *space = strchr(value, ' ');
        json_t *mark = json_object();
        view_set_text(mark, "pair", reply_text(reply_at(batch, i)));
        view_set_text(mark, "service", space ? space + 1 : value);
        view_set_number(mark, "until", space ? strtoll(value, NULL, 10) : 0);
        json_array_append_new(ctx, mark);
    }
}

static void add_marks(asker *ask, const keyspace *ks, json_t *node, const char *id) {
    redis_key key;
    json_t *list = json_array();
    asker_scan_entries(ask, "HSCAN", key_node_marks(&key, ks, id), add_mark, list);
    view_sort(list, "pair");
    json_object_set_new(node, "marks", list);
}

static void add_hold(asker *ask, const keyspace *ks, json_t *node, const char *id, int64_t now) {
    redis_key key;
    redis_reply *reason = asker_call_about(ask, "GET", key_node_hold(&key, ks, id), NULL);
    redis_reply *ttl = asker_call_about(ask, "PTTL", key.text, NULL);
    if (reply_int(ttl) > 0) {
        view_set_number(node, "hold_until", now + reply_int(ttl));
        view_set_text(node, "hold_reason", reply_text(reason));
    }
    sync_reply_free(reason);
    sync_reply_free(ttl);
}

static void add_services(asker *ask, const keyspace *ks, json_t *node, const char *id) {
    redis_key key;
    redis_reply *services = asker_call_about(ask, "HGET", key_node(&key, ks, id), "services");
    redis_reply *due = asker_call_about(ask, "ZSCORE", key_node_expiry(&key, ks, node_bucket(id)), id);
    if (*reply_text(services)) view_set_text(node, "services", reply_text(services));
    if (*reply_text(due)) view_set_number(node, "expires", reply_int(due));
    sync_reply_free(services);
    sync_reply_free(due);
}

json_t *view_node(asker *ask, const keyspace *ks, const char *node_id) {
    fleet_node n = {.id = ""};
    snprintf(n.id, sizeof n.id, "%s", node_id);
    int64_t now = asker_now(ask);
    fleet_fill(ask, ks, &n, 1);
    if (!*n.status && !n.version) return NULL;
    json_t *node = fleet_node_json(&n);
    add_services(ask, ks, node, node_id);
    add_languages(ask, ks, node, node_id, n.version);
    add_reservations(ask, ks, node, node_id, now);
    add_marks(ask, ks, node, node_id);
    add_hold(ask, ks, node, node_id, now);
    return view_told(ask, view_one(now, "node", node));
}
