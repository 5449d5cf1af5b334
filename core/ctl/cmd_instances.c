/* cmd_instances.c - instances of the scheduler, and what is in the inbox of one. */
#include <inttypes.h>
#include <stdio.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/show.h"
#include "core/domain/ids.h"
#include "core/view/view.h"

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

static const ctl_usage instances_usage = {
    "",
    0,
    0,
    "The instances of the scheduler, by their ids: those that live, and dead ones of which something is left.\n"
    "Alive: its presence is there. Dead: it is not, and a survivor will adopt what is in its inbox, or is doing so. "
    "Gone: only its dead\n"
    "letters are left. Waiting entries were not read yet; pending ones were read and are not handled.\n",
    "instances\ninstances --json\n",
};

static const show_column instances_columns[] = {
    {"instance", "instance", SHOW_PLAIN}, {"state", "state", SHOW_PLAIN},
    {"address", "address", SHOW_PLAIN},   {"host", "host", SHOW_PLAIN},
    {"pid", "pid", SHOW_PLAIN},           {"up for", "since", SHOW_AGO},
    {"seen ago", "seen", SHOW_AGO},       {"waiting", "waiting", SHOW_PLAIN},
    {"pending", "pending", SHOW_PLAIN},   {"dead letters", "dead_letters", SHOW_PLAIN},
    {"adopter", "adopter", SHOW_PLAIN},
};
enum { INSTANCES_COLUMNS = sizeof instances_columns / sizeof *instances_columns, INSTANCES_LEFT = 4 };

static void print_instances(const json_t *document) {
    show_table(json_object_get(document, "instances"), instances_columns, INSTANCES_COLUMNS, INSTANCES_LEFT,
               show_number(document, "now"), stdout);
}

int cmd_instances(int argc, char **argv) {
    ctl c;
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, &instances_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    ctl_connect(&c);
    return ctl_end(&c, ctl_show(&c, view_instances(&c.ask, &c.keys), print_instances));
}

/* ---- the inbox of one ------------------------------------------------------------------------------------------------ */

static const ctl_usage inbox_usage = {
    "INSTANCE",
    1,
    1,
    "What waits in the inbox of an instance, the oldest first. Deliveries: how often an entry was given to the "
    "instance; none when it "
    "was not\nread yet. Entries are deleted when they are handled, so an idle instance has none.\n",
    "inbox gw-1\ninbox gw-1 --limit 20 --json\n",
};

static const show_column inbox_columns[] = {
    {"entry", "entry", SHOW_PLAIN},   {"kind", "kind", SHOW_PLAIN},         {"job", "job", SHOW_PLAIN},
    {"node", "node", SHOW_PLAIN},     {"from", "from", SHOW_PLAIN},         {"attempt", "attempt", SHOW_PLAIN},
    {"added ago", "added", SHOW_AGO}, {"deadline in", "deadline", SHOW_IN}, {"deliveries", "deliveries", SHOW_PLAIN},
};
enum { INBOX_COLUMNS = sizeof inbox_columns / sizeof *inbox_columns, INBOX_LEFT = 5 };

static void print_inbox(const json_t *document) {
    const json_t *list = json_object_get(document, "entries");
    int64_t more = show_number(document, "count") - (int64_t)json_array_size(list);
    show_table(list, inbox_columns, INBOX_COLUMNS, INBOX_LEFT, show_number(document, "now"), stdout);
    if (more > 0) printf("... and %" PRId64 " more\n", more);
}

int cmd_inbox(int argc, char **argv) {
    ctl c;
    int64_t limit = 100;
    const ctl_option options[] = {
        {"limit", "N", CTL_COUNT, &limit, 1, 1000000, "at most so many (100)"},
        {.name = NULL},
    };
    int code = ctl_begin(&c, &inbox_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (id_check("instance id", c.words[0], &c.err)) return ctl_end(&c, CTL_USAGE);
    ctl_connect(&c);
    json_t *document = view_inbox(&c.ask, &c.keys, c.words[0], limit);
    if (!document) return ctl_end(&c, ctl_failed(&c, "no inbox of instance %s", c.words[0]));
    return ctl_end(&c, ctl_show(&c, document, print_inbox));
}
