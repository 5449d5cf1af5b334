/* cmd_stats.c - the whole system on a few lines: once, or again and again. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"
#include "core/ctl/show.h"
#include "core/view/totals.h"

static void print_nodes(const totals *s, FILE *out) {
    fprintf(out, "nodes     %" PRId64, s->nodes);
    for (int i = 0; i < FLEET_STATUSES; i++)
        if (s->by_status[i]) fprintf(out, ", %s %" PRId64, fleet_statuses[i], s->by_status[i]);
    if (s->not_up) fprintf(out, "; services not up at %" PRId64, s->not_up);
    fprintf(out, "\nslots     %" PRId64 ", taken %" PRId64, s->slots, s->load);
    if (s->slots) fprintf(out, " (%.0f %%)", 100.0 * (double)s->load / (double)s->slots);
    fprintf(out, ", free %" PRId64 "; reservations %" PRId64 "\n", s->slots > s->load ? s->slots - s->load : 0,
            s->reservations);
}

static void print_jobs(const totals *s, FILE *out) {
    const int64_t *n = s->by_state;
    fprintf(out,
            "jobs      waiting %" PRId64 ", sent %" PRId64 ", accepted %" PRId64 ", running %" PRId64
            ", to release %" PRId64 ", over %" PRId64 "; past their deadline %" PRId64 "\n",
            n[JOB_CREATED], n[JOB_DISPATCHED], n[JOB_ACCEPTED], n[JOB_RUNNING], n[JOB_FINISHED], n[JOB_RELEASED],
            s->due);
}

static void print_totals(const totals *s, FILE *out) {
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

/* ---- once -----------------------------------------------------------------------------------------------------------*/

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
    totals s;
    int code = ctl_begin(&c, &stats_usage, no_options, argc, argv);
    if (code != CTL_GO_ON) return code;
    ctl_connect(&c);
    totals_read(&c.ask, &c.keys, &s);
    if (!c.ask.status && c.json) ctl_print_json(totals_json(&s));
    if (!c.ask.status && !c.json) print_totals(&s, stdout);
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

static void print_again(const ctl *c, const totals *s, bool first) {
    if (c->json) {
        json_t *document = totals_json(s);
        json_dumpf(document, stdout, JSON_COMPACT);
        json_decref(document);
        putchar('\n');
    } else {
        if (isatty(STDOUT_FILENO))
            fputs("\033[H\033[J", stdout); /* home; clear to the end */
        else if (!first)
            putchar('\n');
        print_totals(s, stdout);
    }
    fflush(stdout);
}

static void wait_for(usec_t pause) {
    struct timespec rest = {.tv_sec = pause / USEC_PER_SEC, .tv_nsec = pause % USEC_PER_SEC * 1000};
    nanosleep(&rest, NULL);
}

int cmd_watch(int argc, char **argv) {
    ctl c;
    totals s;
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
        totals_read(&c.ask, &c.keys, &s);
        if (c.ask.status || ferror(stdout)) break;
        print_again(&c, &s, i == 0);
    }
    return ctl_end(&c, CTL_FINE);
}
