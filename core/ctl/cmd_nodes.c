/* cmd_nodes.c - nodes, all or one. What one node tells is spread over the keys of its bucket; they are read in a few pipelines and
 * not in one step, so a node that is just changing may show both sides of its change. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/fleet.h"
#include "core/ctl/record.h"
#include "core/ctl/show.h"
#include "core/domain/ids.h"

enum { RESERVATIONS_MAX = 100 };

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

static const ctl_usage nodes_usage = {
    "",
    0,
    0,
    "All nodes, by their ids. Load is the number of unexpired reservations; use is load of slots.\n"
    "Degraded: it failed often, or its services are not ready; draining: it takes no more jobs.\n",
    "nodes\nnodes --status ready --limit 20\nnodes --json\n",
};

static const show_column nodes_columns[] = {
    {"node", "node", SHOW_PLAIN},          {"status", "status", SHOW_PLAIN}, {"up", "up", SHOW_YES},
    {"load", "load", SHOW_PLAIN},          {"slots", "slots", SHOW_PLAIN},   {"cpu %", "cpu", SHOW_PLAIN},
    {"gpu %", "gpu", SHOW_PLAIN},          {"mem %", "mem", SHOW_PLAIN},     {"seen ago", "seen", SHOW_AGO},
    {"registered ago", "since", SHOW_AGO},
};
enum { NODES_COLUMNS = sizeof nodes_columns / sizeof *nodes_columns, NODES_LEFT = 3 };

static json_t *list_nodes(const fleet *f, const char *status, int64_t limit, int64_t *ret_matching) {
    json_t *list = json_array();
    int64_t matching = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (status && strcmp(f->nodes[i].status, status) != 0) continue;
        if (matching++ < limit) json_array_append_new(list, fleet_node_json(&f->nodes[i]));
    }
    *ret_matching = matching;
    return list;
}

static void print_nodes(const ctl *c, json_t *list, int64_t matching, int64_t all, int64_t now) {
    if (c->json) {
        json_t *document = json_object();
        show_set_number(document, "now", now);
        show_set_number(document, "count", all);
        show_set_number(document, "matching", matching);
        json_object_set(document, "nodes", list);
        ctl_print_json(document);
        return;
    }
    show_table(list, nodes_columns, NODES_COLUMNS, NODES_LEFT, now, stdout);
    if (matching > (int64_t)json_array_size(list))
        printf("... and %lld more\n", (long long)(matching - (int64_t)json_array_size(list)));
}

int cmd_nodes(int argc, char **argv) {
    ctl c;
    const char *status = NULL;
    int64_t limit = INT64_MAX, matching;
    const ctl_option options[] = {
        {"status", "STATUS", CTL_TEXT, &status, 0, 0, "only those: registering, ready, degraded, draining, offline"},
        {"limit", "N", CTL_COUNT, &limit, 1, INT64_MAX, "at most so many (all)"},
        {.name = NULL},
    };
    int code = ctl_begin(&c, &nodes_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (status && !fleet_status_valid(status))
        return ctl_end(&c,
                       ctl_misused(&c, "--status: \"%s\" is none of registering, ready, degraded, draining, offline",
                                   status));
    fleet f;
    ctl_connect(&c);
    fleet_read(&c.ask, &c.keys, &f);
    int64_t now = asker_now(&c.ask);
    json_t *list = list_nodes(&f, status, limit, &matching);
    if (!c.ask.status) print_nodes(&c, list, matching, (int64_t)f.count, now);
    json_decref(list);
    fleet_free(&f);
    return ctl_end(&c, CTL_FINE);
}

/* ---- one of them ----------------------------------------------------------------------------------------------------- */

static const ctl_usage node_usage = {
    "NODE",
    1,
    1,
    "One node: its record, the languages that it serves, whether it is in the pools of all its pairs, who holds its "
    "slots\n"
    "(the first 100), and the services that it said are missing (marks).\n",
    "node gpu-7\nnode gpu-7 --json\n",
};

static const show_column node_columns[] = {
    {"node", "node", SHOW_PLAIN},
    {"status", "status", SHOW_PLAIN},
    {"services up", "up", SHOW_YES},
    {"load", "load", SHOW_PLAIN},
    {"slots", "slots", SHOW_PLAIN},
    {"running", "running", SHOW_PLAIN},
    {"cpu %", "cpu", SHOW_PLAIN},
    {"gpu %", "gpu", SHOW_PLAIN},
    {"mem %", "mem", SHOW_PLAIN},
    {"heartbeat ago", "seen", SHOW_AGO},
    {"offline in", "expires", SHOW_IN},
    {"registered ago", "since", SHOW_AGO},
    {"owner", "owner", SHOW_PLAIN},
    {"version", "version", SHOW_PLAIN},
    {"in pools as", "assigned", SHOW_PLAIN},
    {"generations", "generations", SHOW_PLAIN},
    {"sources", "sources", SHOW_PLAIN},
    {"targets", "targets", SHOW_PLAIN},
    {"pairs", "pairs", SHOW_PLAIN},
    {"of these joined", "joined", SHOW_PLAIN},
    {"services", "services", SHOW_PLAIN},
    {"recent results", "hist", SHOW_PLAIN},
    {"next trial in", "trial", SHOW_IN},
    {"held for", "hold_until", SHOW_IN},
    {"held because", "hold_reason", SHOW_PLAIN},
};

static void add_languages(ctl *c, json_t *node, const char *id, int64_t version) {
    redis_key key;
    char name[24];
    lang_service service;
    lang_pair pair;
    int64_t joined = 0;
    redis_reply *langs = asker_call_about(&c->ask, "HGETALL", key_node_langs(&key, &c->keys, id), NULL);
    snprintf(name, sizeof name, "%lld", (long long)version);
    show_set_number(node, "generations", (int64_t)reply_count(langs) / 2);
    if (record_offer(record_field(langs, name), &service)) {
        char text[LANG_LIST_TEXT_MAX];
        show_set_text(node, "sources", lang_list_text(text, &service.sources));
        show_set_text(node, "targets", lang_list_text(text, &service.targets));
        show_set_number(node, "pairs", lang_service_pairs(&service));
        for (int at = 0; lang_service_next(&service, &at, &pair);)
            asker_put_about(&c->ask, "HGET", key_pool_places(&key, &c->keys, pair.src, pair.tgt), id);
        for (int at = 0; lang_service_next(&service, &at, &pair);) {
            redis_reply *place = asker_take(&c->ask);
            joined += place && !reply_is_nil(place);
            sync_reply_free(place);
        }
        show_set_number(node, "joined", joined);
    }
    sync_reply_free(langs);
}

static void add_reservations(ctl *c, json_t *node, const char *id, int64_t now) {
    redis_key key;
    redis_call call;
    char after[24];
    json_t *list = json_array();
    snprintf(after, sizeof after, "(%lld", (long long)now);
    call_command(&call, "ZRANGEBYSCORE");
    call_key(&call, key_node_reservations(&key, &c->keys, id));
    call_str(&call, after);
    call_str(&call, "+inf");
    call_str(&call, "WITHSCORES");
    call_str(&call, "LIMIT");
    call_int(&call, 0);
    call_int(&call, RESERVATIONS_MAX);
    redis_reply *held = asker_call(&c->ask, &call);
    for (size_t i = 0; i + 1 < reply_count(held); i += 2) {
        char job_id[ID_MAX + 1] = "";
        int64_t attempt = 0;
        json_t *entry = json_object();
        bool good = record_numbered(reply_text(reply_at(held, i)), job_id, &attempt);
        show_set_text(entry, "job", good ? job_id : reply_text(reply_at(held, i)));
        show_set_number(entry, "attempt", attempt);
        show_set_number(entry, "until", reply_int(reply_at(held, i + 1)));
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
        show_set_text(mark, "pair", reply_text(reply_at(batch, i)));
        show_set_text(mark, "service", space ? space + 1 : value);
        show_set_number(mark, "until", space ? strtoll(value, NULL, 10) : 0);
        json_array_append_new(ctx, mark);
    }
}

static void add_marks(ctl *c, json_t *node, const char *id) {
    redis_key key;
    json_t *list = json_array();
    asker_scan_entries(&c->ask, "HSCAN", key_node_marks(&key, &c->keys, id), add_mark, list);
    show_sort(list, "pair");
    json_object_set_new(node, "marks", list);
}

static void add_hold(ctl *c, json_t *node, const char *id, int64_t now) {
    redis_key key;
    redis_reply *reason = asker_call_about(&c->ask, "GET", key_node_hold(&key, &c->keys, id), NULL);
    redis_reply *ttl = asker_call_about(&c->ask, "PTTL", key.text, NULL);
    if (reply_int(ttl) > 0) {
        show_set_number(node, "hold_until", now + reply_int(ttl));
        show_set_text(node, "hold_reason", reply_text(reason));
    }
    sync_reply_free(reason);
    sync_reply_free(ttl);
}

static void add_services(ctl *c, json_t *node, const char *id) {
    redis_key key;
    redis_reply *services = asker_call_about(&c->ask, "HGET", key_node(&key, &c->keys, id), "services");
    redis_reply *due = asker_call_about(&c->ask, "ZSCORE", key_node_expiry(&key, &c->keys, node_bucket(id)), id);
    if (*reply_text(services)) show_set_text(node, "services", reply_text(services));
    if (*reply_text(due)) show_set_number(node, "expires", reply_int(due));
    sync_reply_free(services);
    sync_reply_free(due);
}

static void print_node(const ctl *c, json_t *node, int64_t now) {
    static const show_column held[] = {{"job", "job", SHOW_PLAIN},
                                       {"attempt", "attempt", SHOW_PLAIN},
                                       {"for", "until", SHOW_IN}};
    static const show_column marked[] = {{"pair", "pair", SHOW_PLAIN},
                                         {"service", "service", SHOW_PLAIN},
                                         {"for", "until", SHOW_IN}};
    if (c->json) {
        json_t *document = json_object();
        show_set_number(document, "now", now);
        json_object_set(document, "node", node);
        ctl_print_json(document);
        return;
    }
    show_record(node, node_columns, sizeof node_columns / sizeof *node_columns, now, stdout);
    show_part("reservations", json_object_get(node, "reservations"), held, 3, 2, now, stdout);
    show_part("missing services", json_object_get(node, "marks"), marked, 3, 2, now, stdout);
}

static int show_node(ctl *c, const char *id) {
    fleet_node n = {.id = ""};
    snprintf(n.id, sizeof n.id, "%s", id);
    int64_t now = asker_now(&c->ask);
    fleet_fill(&c->ask, &c->keys, &n, 1);
    if (!*n.status && !n.version) return ctl_failed(c, "no node %s", id);
    json_t *node = fleet_node_json(&n);
    add_services(c, node, id);
    add_languages(c, node, id, n.version);
    add_reservations(c, node, id, now);
    add_marks(c, node, id);
    add_hold(c, node, id, now);
    if (!c->ask.status) print_node(c, node, now);
    json_decref(node);
    return CTL_FINE;
}

int cmd_node(int argc, char **argv) {
    ctl c;
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, &node_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (id_check("node id", c.words[0], &c.err)) return ctl_end(&c, CTL_USAGE);
    ctl_connect(&c);
    return ctl_end(&c, show_node(&c, c.words[0]));
}
