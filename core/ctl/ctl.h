/* ctl.h - what the commands of lingua-ctl share: their command line, the connection, how they say what they found.
 *
 * A command is a function that gets its own argv ("lingua-ctl nodes", which its messages begin with, then the arguments). It
 * declares its words and options, calls ctl_begin(), asks, prints one result to stdout (a table, or one JSON document), and
 * ends with ctl_end(), which says what went wrong, if anything did, to stderr. */
#ifndef CORE_CTL_CTL_H
#define CORE_CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "core/redis/keys.h"
#include "core/view/asker.h"

typedef enum ctl_exit {
    CTL_FINE = 0,
    CTL_FAILED = 1,   /* Redis could not be asked, or what was named does not exist, or was refused */
    CTL_USAGE = 2,    /* a word or option that is not understood */
    CTL_FINDINGS = 3, /* fsck: not all is well */
    CTL_GO_ON = -1,   /* of ctl_begin() only */
} ctl_exit;

typedef enum ctl_option_kind {
    CTL_FLAG,     /* bool */
    CTL_TEXT,     /* const char *, borrowed from argv */
    CTL_COUNT,    /* int64_t, min..max */
    CTL_DURATION, /* usec_t, min..max */
} ctl_option_kind;

/* The rows of a command's own options, closed by one without a name. */
typedef struct ctl_option {
    const char *name;
    const char *value; /* what stands behind '=' in the help; NULL for a flag */
    ctl_option_kind kind;
    void *target; /* holds the default before */
    int64_t min, max;
    const char *help;
} ctl_option;

typedef struct ctl_usage {
    const char *words; /* "NODE", "[PAIR]", "" */
    int words_min, words_max;
    const char *about;    /* paragraphs, each line closed by '\n' */
    const char *examples; /* lines behind "  lingua-ctl ", closed by '\n' */
} ctl_usage;

typedef struct ctl {
    const char *program; /* "lingua-ctl nodes" */
    bool json;
    keyspace keys;
    redis_url url;
    sync_client *client;
    scripts *scripts; /* NULL until ctl_need_scripts() */
    asker ask;
    sched_error err;
    char **words; /* what is no option */
    int word_count;
    const char *scripts_folder; /* NULL: those in the binary */
} ctl;

/* Parses and answers --help. CTL_GO_ON, or the exit status: then everything was said and nothing is to be freed. */
int ctl_begin(ctl *c, const ctl_usage *usage, const ctl_option *options, int argc, char **argv);
/* When the words were found to be right. A failure is kept in c->ask. */
void ctl_connect(ctl *c);
/* Loads the scripts into the server; a failure is kept in c->ask. */
void ctl_need_scripts(ctl *c);
/* Closes the connection. Says c->ask's failure, or else c->err when `status` is no CTL_FINE and there is something in it.
 * Returns the exit status. */
int ctl_end(ctl *c, int status);
/* Notes why, for ctl_end(); returns CTL_FAILED, or CTL_USAGE. */
int ctl_failed(ctl *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
int ctl_misused(ctl *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints a document of core/view: as it is with --json, else by `print`; takes it. NULL prints nothing: c->ask says why. Returns CTL_FINE. */
int ctl_show(ctl *c, json_t *document, void (*print)(const json_t *document));
/* Prints the document and takes it. */
void ctl_print_json(json_t *document);

#endif
