/* cmd_pools.c - language pairs: which there are, who serves them, how much room is left. */
#include <stdio.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/show.h"
#include "core/view/view.h"

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

static const ctl_usage pools_usage = {
    "[PAIR]",
    0,
    1,
    "The pools: language pairs that some node serves. Slots, load and free count ready and degraded members; a node "
    "serves\n"
    "many pairs, so the same slot is counted in each of its pools. PAIR is SRC:TGT, and either side may be '*'.\n",
    "pools\npools 'de:*'\npools --json\n",
};

static const show_column pools_columns[] = {
    {"pair", "pair", SHOW_PLAIN},         {"members", "members", SHOW_PLAIN}, {"ready", "ready", SHOW_PLAIN},
    {"degraded", "degraded", SHOW_PLAIN}, {"slots", "slots", SHOW_PLAIN},     {"load", "load", SHOW_PLAIN},
    {"free", "free", SHOW_PLAIN},
};

static void print_pools(const json_t *document) {
    show_table(json_object_get(document, "pools"), pools_columns, sizeof pools_columns / sizeof *pools_columns, 1, 0,
               stdout);
}

int cmd_pools(int argc, char **argv) {
    ctl c;
    pair_pattern pattern = {"*", "*"};
    const ctl_option options[] = {{.name = NULL}};
    int code = ctl_begin(&c, &pools_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (c.word_count == 1 && !pair_pattern_parse(c.words[0], &pattern))
        return ctl_end(&c, ctl_misused(&c, "pair \"%s\": expected SRC:TGT, either side may be '*'", c.words[0]));
    ctl_connect(&c);
    return ctl_end(&c, ctl_show(&c, view_pools(&c.ask, &c.keys, &pattern), print_pools));
}

/* ---- one of them ----------------------------------------------------------------------------------------------------- */

static const ctl_usage pair_usage = {
    "SRC:TGT",
    1,
    1,
    "The members of one pair's pool, by position; a proposal draws positions uniformly. As: the registration under "
    "which the\n"
    "node stands there.\n",
    "pair de:en\npair de:en --limit 20\npair de:en --json\n",
};

static const show_column pair_columns[] = {
    {"node", "node", SHOW_PLAIN},         {"status", "status", SHOW_PLAIN},     {"up", "up", SHOW_YES},
    {"position", "position", SHOW_PLAIN}, {"load", "load", SHOW_PLAIN},         {"slots", "slots", SHOW_PLAIN},
    {"seen ago", "seen", SHOW_AGO},       {"as", "member_version", SHOW_PLAIN},
};

static void print_pair(const json_t *document) {
    const json_t *rows = json_object_get(document, "members");
    int64_t more = show_number(document, "count") - (int64_t)json_array_size(rows);
    show_table(rows, pair_columns, sizeof pair_columns / sizeof *pair_columns, 3, show_number(document, "now"), stdout);
    if (more > 0) printf("... and %lld more\n", (long long)more);
}

int cmd_pair(int argc, char **argv) {
    ctl c;
    lang_pair pair;
    int64_t limit = INT64_MAX;
    const ctl_option options[] = {
        {"limit", "N", CTL_COUNT, &limit, 1, INT64_MAX, "at most so many (all)"},
        {.name = NULL},
    };
    int code = ctl_begin(&c, &pair_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    if (lang_pair_parse(c.words[0], &pair, &c.err)) return ctl_end(&c, CTL_USAGE);
    ctl_connect(&c);
    json_t *document = view_pool(&c.ask, &c.keys, &pair, limit);
    if (!document) return ctl_end(&c, ctl_failed(&c, "no node is in the pool of %s:%s", pair.src, pair.tgt));
    return ctl_end(&c, ctl_show(&c, document, print_pair));
}
