/* cmd_nodes.c - nodes, all or one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/show.h"
#include "core/domain/ids.h"
#include "core/view/fleet.h"
#include "core/view/view.h"

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

static void print_nodes(const json_t *document) {
    const json_t *list = json_object_get(document, "nodes");
    int64_t more = show_number(document, "matching") - (int64_t)json_array_size(list);
    show_table(list, nodes_columns, NODES_COLUMNS, NODES_LEFT, show_number(document, "now"), stdout);
    if (more > 0) printf("... and %lld more\n", (long long)more);
}

int cmd_nodes(int argc, char **argv) {
    ctl c;
    nodes_wanted wanted = {.limit = INT64_MAX};
    const ctl_option options[] = {
        {"status", "STATUS", CTL_TEXT, &wanted.status, 0, 0,
         "only those: registering, ready, degraded, draining, offline"},
        {"limit", "N", CTL_COUNT, &wanted.limit, 1, INT64_MAX, "at most so many (all)"},
        {"languages", NULL, CTL_FLAG, &wanted.languages, 0, 0, "with --json: also what each serves"},
        {.name = NULL},
    };
    int code = ctl_begin(&c, &nodes_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (wanted.status && !fleet_status_valid(wanted.status))
        return ctl_end(&c,
                       ctl_misused(&c, "--status: \"%s\" is none of registering, ready, degraded, draining, offline",
                                   wanted.status));
    ctl_connect(&c);
    return ctl_end(&c, ctl_show(&c, view_nodes(&c.ask, &c.keys, &wanted), print_nodes));
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

static void print_node(const json_t *document) {
    static const show_column held[] = {{"job", "job", SHOW_PLAIN},
                                       {"attempt", "attempt", SHOW_PLAIN},
                                       {"for", "until", SHOW_IN}};
    static const show_column marked[] = {{"pair", "pair", SHOW_PLAIN},
                                         {"service", "service", SHOW_PLAIN},
                                         {"for", "until", SHOW_IN}};
    const json_t *node = json_object_get(document, "node");
    int64_t now = show_number(document, "now");
    show_record(node, node_columns, sizeof node_columns / sizeof *node_columns, now, stdout);
    show_part("reservations", json_object_get(node, "reservations"), held, 3, 2, now, stdout);
    show_part("missing services", json_object_get(node, "marks"), marked, 3, 2, now, stdout);
}

int cmd_node(int argc, char **argv) {
    ctl c;
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, &node_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (id_check("node id", c.words[0], &c.err)) return ctl_end(&c, CTL_USAGE);
    ctl_connect(&c);
    json_t *document = view_node(&c.ask, &c.keys, c.words[0]);
    if (!document) return ctl_end(&c, ctl_failed(&c, "no node %s", c.words[0]));
    return ctl_end(&c, ctl_show(&c, document, print_node));
}
