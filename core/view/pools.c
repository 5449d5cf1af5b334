/* pools.c - language pairs: which there are, who serves them, how much room is left.
 *
 * Pools are found by their keys, since nothing lists them. Members name nodes, and what a node can take is in its record: so all
 * nodes are read once, and each member looks its node up. */
#include "core/view/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/view/fleet.h"
#include "core/view/key_names.h"
#include "core/view/members.h"
#include "core/view/record.h"

/* ---- which there are ------------------------------------------------------------------------------------------------- */

typedef struct pool_list {
    const keyspace *keys;
    lang_pair *pairs;
    size_t count, capacity;
} pool_list;

static void add_pair(pool_list *list, const lang_pair *pair) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 64;
        list->pairs = mem_realloc(list->pairs, list->capacity, sizeof *list->pairs);
    }
    list->pairs[list->count++] = *pair;
}

static void add_pools(void *ctx, const redis_reply *keys) {
    pool_list *list = ctx;
    for (size_t i = 0; i < reply_count(keys); i++) {
        lang_pair pair;
        key_name name = key_name_of(list->keys, reply_text(reply_at(keys, i)));
        if (name.kind == KEY_MEMBERS && !lang_pair_parse(name.tag, &pair, NULL)) add_pair(list, &pair);
    }
}

static int by_tags(const void *a, const void *b) {
    const lang_pair *x = a, *y = b;
    int order = strcmp(x->src, y->src);
    return order ? order : strcmp(x->tgt, y->tgt);
}

static void sort_once(pool_list *list) {
    size_t kept = 0;
    if (list->count) qsort(list->pairs, list->count, sizeof *list->pairs, by_tags);
    for (size_t i = 0; i < list->count; i++)
        if (kept == 0 || by_tags(&list->pairs[kept - 1], &list->pairs[i]) != 0) list->pairs[kept++] = list->pairs[i];
    list->count = kept;
}

/* ---- what their nodes can take --------------------------------------------------------------------------------------- */

typedef struct pool_sum {
    const fleet *nodes;
    int64_t members, ready, degraded, slots, load;
} pool_sum;

static void add_member(pool_sum *sum, const char *value) {
    char node_id[ID_MAX + 1];
    int64_t version;
    sum->members++;
    if (!record_numbered(value, node_id, &version)) return;
    const fleet_node *node = fleet_node_of(sum->nodes, node_id);
    if (!node) return;
    bool ready = !strcmp(node->status, "ready"), degraded = !strcmp(node->status, "degraded");
    sum->ready += ready;
    sum->degraded += degraded;
    if (!ready && !degraded) return;
    sum->slots += node->slots;
    sum->load += node->load;
}

static void add_members(void *ctx, const redis_reply *batch) {
    for (size_t i = 0; i + 1 < reply_count(batch); i += 2) add_member(ctx, reply_text(reply_at(batch, i + 1)));
}

static json_t *pool_json(asker *ask, const keyspace *ks, const fleet *nodes, const lang_pair *pair) {
    redis_key key;
    char text[PAIR_MAX + 1];
    pool_sum sum = {.nodes = nodes};
    asker_scan_entries(ask, "HSCAN", key_pool_members(&key, ks, pair->src, pair->tgt), add_members, &sum);
    json_t *object = json_object();
    view_set_text(object, "pair", lang_pair_text(text, pair));
    view_set_number(object, "members", sum.members);
    view_set_number(object, "ready", sum.ready);
    view_set_number(object, "degraded", sum.degraded);
    view_set_number(object, "slots", sum.slots);
    view_set_number(object, "load", sum.load);
    view_set_number(object, "free", sum.slots > sum.load ? sum.slots - sum.load : 0);
    return object;
}

/* ---- patterns -------------------------------------------------------------------------------------------------------- */

static bool parse_side(const char *text, size_t len, char tag[LANG_MAX + 1]) {
    if (len == 0 || len > LANG_MAX) return false;
    snprintf(tag, LANG_MAX + 1, "%.*s", (int)len, text);
    char folded[LANG_MAX + 1];
    if (!strcmp(tag, "*")) return true;
    if (lang_tag_parse(tag, folded, NULL)) return false;
    memcpy(tag, folded, sizeof folded);
    return true;
}

bool pair_pattern_parse(const char *text, pair_pattern *ret_pattern) {
    const char *colon = strchr(text, ':');
    return colon && parse_side(text, (size_t)(colon - text), ret_pattern->src) &&
           parse_side(colon + 1, strlen(colon + 1), ret_pattern->tgt);
}

static bool matches(const pair_pattern *p, const lang_pair *pair) {
    return (!strcmp(p->src, "*") || !strcmp(p->src, pair->src)) && (!strcmp(p->tgt, "*") || !strcmp(p->tgt, pair->tgt));
}

json_t *view_pools(asker *ask, const keyspace *ks, const pair_pattern *pattern) {
    fleet nodes;
    redis_key key;
    pool_list list = {.keys = ks};
    fleet_read(ask, ks, &nodes);
    asker_scan(ask, key_pattern_named(&key, ks, "members"), add_pools, &list);
    sort_once(&list);
    json_t *document = json_object(), *rows = json_array();
    for (size_t i = 0; i < list.count; i++)
        if (matches(pattern, &list.pairs[i])) json_array_append_new(rows, pool_json(ask, ks, &nodes, &list.pairs[i]));
    json_object_set_new(document, "pools", rows);
    free(list.pairs);
    fleet_free(&nodes);
    return view_told(ask, document);
}

/* ---- one of them ----------------------------------------------------------------------------------------------------- */

typedef struct member {
    int64_t position, version;
    char node[ID_MAX + 1];
} member;

typedef struct member_list {
    member *members;
    size_t count, capacity;
} member_list;

static void collect_members(void *ctx, const redis_reply *batch) {
    member_list *list = ctx;
    for (size_t i = 0; i + 1 < reply_count(batch); i += 2) {
        member m = {.position = reply_int(reply_at(batch, i))};
        if (!record_numbered(reply_text(reply_at(batch, i + 1)), m.node, &m.version)) continue;
        if (list->count == list->capacity) {
            list->capacity = list->capacity ? 2 * list->capacity : 256;
            list->members = mem_realloc(list->members, list->capacity, sizeof *list->members);
        }
        list->members[list->count++] = m;
    }
}

static int by_position(const void *a, const void *b) {
    const member *x = a, *y = b;
    if (x->position != y->position) return x->position < y->position ? -1 : 1;
    return strcmp(x->node, y->node);
}

static void sort_members(member_list *list) {
    size_t kept = 0;
    if (list->count) qsort(list->members, list->count, sizeof *list->members, by_position);
    for (size_t i = 0; i < list->count; i++)
        if (kept == 0 || by_position(&list->members[kept - 1], &list->members[i]) != 0)
            list->members[kept++] = list->members[i];
    list->count = kept;
}

static json_t *members_json(asker *ask, const keyspace *ks, const member_list *list, size_t shown) {
    json_t *rows = json_array();
    fleet_node *nodes = mem_zalloc(shown + 1, sizeof *nodes);
    for (size_t i = 0; i < shown; i++) memcpy(nodes[i].id, list->members[i].node, sizeof nodes[i].id);
    fleet_fill(ask, ks, nodes, shown);
    for (size_t i = 0; i < shown; i++) {
        json_t *row = fleet_node_json(&nodes[i]);
        view_set_number(row, "position", list->members[i].position);
        view_set_number(row, "member_version", list->members[i].version);
        json_array_append_new(rows, row);
    }
    free(nodes);
    return rows;
}

json_t *view_pool(asker *ask, const keyspace *ks, const lang_pair *pair, int64_t limit) {
    redis_key key;
    char text[PAIR_MAX + 1];
    member_list list = {.count = 0};
    asker_scan_entries(ask, "HSCAN", key_pool_members(&key, ks, pair->src, pair->tgt), collect_members, &list);
    sort_members(&list);
    json_t *document = json_object();
    view_set_number(document, "now", asker_now(ask));
    view_set_text(document, "pair", lang_pair_text(text, pair));
    view_set_number(document, "count", (int64_t)list.count);
    json_object_set_new(document, "members",
                        members_json(ask, ks, &list, (int64_t)list.count < limit ? list.count : (size_t)limit));
    if (!list.count) json_object_clear(document);
    free(list.members);
    return view_told(ask, document);
}
