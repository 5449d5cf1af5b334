/* ctl.c - from the first word to the connection, and back to the exit status. */
#include "core/ctl/ctl.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ctl/ctl_options.h"

#define DEFAULT_REDIS "redis://127.0.0.1:6379"

static const usec_t patience = 10 * USEC_PER_SEC;

int ctl_begin(ctl *c, const ctl_usage *usage, const ctl_option *options, int argc, char **argv) {
    *c = (ctl){.program = argv[0]};
    const char *where = getenv("LINGUA_REDIS"), *prefix = NULL;
    if (!where || !*where) where = DEFAULT_REDIS;
    const ctl_option common[] = {
        {"redis", "URL", CTL_TEXT, &where, 0, 0, "where Redis is (environment LINGUA_REDIS; else " DEFAULT_REDIS ")"},
        {"namespace", "PREFIX", CTL_TEXT, &prefix, 0, 0, "what the keys begin with (lingua:v1:)"},
        {"json", NULL, CTL_FLAG, &c->json, 0, 0, "one JSON document instead of a table; times are ms since 1970"},
        {"scripts", "DIR", CTL_TEXT, &c->scripts_folder, 0, 0, "take the Lua scripts from there, not from the program"},
        {.name = NULL},
    };
    int status = ctl_parse(c->program, usage, options, common, argc, argv);
    if (status != CTL_GO_ON) return status;
    c->words = argv + optind;
    c->word_count = argc - optind;
    c->ask.err = &c->err;
    if (keyspace_init(&c->keys, prefix, &c->err) || redis_url_parse(where, &c->url, &c->err))
        return ctl_end(c, CTL_USAGE);
    return CTL_GO_ON;
}

void ctl_connect(ctl *c) {
    c->ask.status = sync_client_find(&c->url, patience, &c->client, &c->err);
    c->ask.client = c->client;
}

void ctl_need_scripts(ctl *c) {
    if (c->ask.status) return;
    c->ask.status = scripts_new(c->scripts_folder, &c->scripts, &c->err);
    if (!c->ask.status) c->ask.status = sync_client_load(c->client, c->scripts, &c->err);
}

int ctl_end(ctl *c, int status) {
    if (c->ask.status && status == CTL_FINE) status = CTL_FAILED;
    if (status != CTL_FINE && *c->err.message) fprintf(stderr, "%s: %s\n", c->program, c->err.message);
    c->client = sync_client_close(c->client);
    c->scripts = scripts_free(c->scripts);
    return status;
}

/* An earlier failure of the connection explains more than what came of it. */
static void note(ctl *c, const char *format, va_list args) {
    if (!c->ask.status) sched_vfail(&c->err, SCHED_EINVAL, format, args);
}

int ctl_failed(ctl *c, const char *format, ...) {
    va_list args;
    va_start(args, format);
    note(c, format, args);
    va_end(args);
    return CTL_FAILED;
}

int ctl_misused(ctl *c, const char *format, ...) {
    va_list args;
    va_start(args, format);
    note(c, format, args);
    va_end(args);
    return CTL_USAGE;
}

void ctl_print_json(json_t *document) {
    json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
}

int ctl_show(ctl *c, json_t *document, void (*print)(const json_t *document)) {
    if (document && c->json) {
        ctl_print_json(document);
    } else if (document) {
        print(document);
        json_decref(document);
    }
    return CTL_FINE;
}
