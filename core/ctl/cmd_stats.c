/* cmd_stats.c - the whole system on a few lines: once, or again and again. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/stats.h"

static const ctl_option no_options[] = {{.name = NULL}};

static const ctl_usage stats_usage = {
    "",
    0,
    0,
    "How many nodes, jobs, pools, sessions and rooms there are, and in which state. Slots and what is taken of them "
    "count nodes\n"
    "that are ready or degraded. Jobs: waiting for a node; sent to one; accepted; running; to release (finished, but "
    "not yet\n"
    "cleared away); over (until they are forgotten).\n",
    "stats\nstats --json\n",
};

int cmd_stats(int argc, char **argv) {
    ctl c;
    stats s;
    int code = ctl_begin(&c, &stats_usage, no_options, argc, argv);
    if (code != CTL_GO_ON) return code;
    ctl_connect(&c);
    stats_read(&c.ask, &c.keys, &s);
    if (!c.ask.status && c.json) ctl_print_json(stats_json(&s));
    if (!c.ask.status && !c.json) stats_print(&s, stdout);
    return ctl_end(&c, CTL_FINE);
}

/* ---- again and again ------------------------------------------------------------------------------------------------- */

static const ctl_usage watch_usage = {
    "",
    0,
    0,
    "The same as stats, again and again, until it is interrupted. On a terminal each takes the place of the one "
    "before. With\n"
    "--json: one document per line.\n",
    "watch\nwatch --interval 5s\nwatch --count 3 --json\n",
};

static void print_again(const ctl *c, const stats *s, bool first) {
    if (c->json) {
        json_t *document = stats_json(s);
        json_dumpf(document, stdout, JSON_COMPACT);
        json_decref(document);
        putchar('\n');
    } else {
        if (isatty(STDOUT_FILENO))
            fputs("\033[H\033[J", stdout); /* home; clear to the end */
        else if (!first)
            putchar('\n');
        stats_print(s, stdout);
    }
    fflush(stdout);
}

static void wait_for(usec_t pause) {
    struct timespec rest = {.tv_sec = pause / USEC_PER_SEC, .tv_nsec = pause % USEC_PER_SEC * 1000};
    nanosleep(&rest, NULL);
}

int cmd_watch(int argc, char **argv) {
    ctl c;
    stats s;
    usec_t interval = USEC_PER_SEC;
    int64_t count = INT64_MAX;
    const ctl_option options[] = {
        {"interval", "TIME", CTL_DURATION, &interval, 100 * USEC_PER_MSEC, 3600 * USEC_PER_SEC,
         "pause between two (1s)"},
        {"count", "N", CTL_COUNT, &count, 1, INT64_MAX, "so many, then end (no end)"},
        {.name = NULL},
    };
    int code = ctl_begin(&c, &watch_usage, options, argc, argv);
    if (code != CTL_GO_ON) return code;
    ctl_connect(&c);
    for (int64_t i = 0; i < count; i++) {
        if (i) wait_for(interval);
        stats_read(&c.ask, &c.keys, &s);
        if (c.ask.status || ferror(stdout)) break;
        print_again(&c, &s, i == 0);
    }
    return ctl_end(&c, CTL_FINE);
}
