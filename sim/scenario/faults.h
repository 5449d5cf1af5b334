/* faults.h - what can go wrong in a scenario: the kinds, what each needs to know, and how it is written.
 *
 *     - {at: 2min, kind: crash, nodes: {group: rack7}, for: 1min}
 *     - {at: 3min, redis: restart, data: lost, for: 5s}
 *
 *     - {every: 10min, instance: crash, for: 20s}
 *
 * A fault is of nodes (`kind` and `nodes`), of Redis (`redis`) or of an instance (`instance`). The table of kinds says which further keys a
 * kind takes. */
#ifndef SIM_SCENARIO_FAULTS_H
#define SIM_SCENARIO_FAULTS_H

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/settings.h"
#include "sim/scenario/languages.h"

#include <stdbool.h>
#include <stdio.h>

enum { GROUP_NAME_MAX = 32, FAULTS_MAX = 256, FAULT_NAMES_MAX = 1000 };

typedef enum fault_kind {
    FAULT_NONE, /* not given */
    /* of nodes */
    FAULT_CRASH,
    FAULT_HANG,
    FAULT_RECONNECT,
    FAULT_DRAIN,
    FAULT_LANGUAGES,
    FAULT_ERRORS,
    FAULT_MISSING_MODEL,
    FAULT_SLOW,
    FAULT_SILENT,
    /* of Redis */
    FAULT_REDIS_PAUSE,
    FAULT_REDIS_SLOW,
    FAULT_REDIS_FLUSH_SCRIPTS,
    FAULT_REDIS_RESTART,
    FAULT_REDIS_DISCONNECT,
    /* of an instance */
    FAULT_INSTANCE_CRASH,
    FAULT_INSTANCE_STOP,
    FAULT_INSTANCE_RESTART,
    FAULT_INSTANCE_PAUSE,
    FAULT_INSTANCE_PARTITION,
    FAULT_KINDS,
} fault_kind;

typedef enum fault_subject { FAULT_OF_NODES, FAULT_OF_REDIS, FAULT_OF_INSTANCE } fault_subject;

/* FAULT_OF_NODES for FAULT_NONE, too. */
fault_subject fault_subject_of(int kind);
/* "crash"; of Redis "redis_pause", of an instance "instance_crash": as in traces and reports. */
const char *fault_name(fault_kind kind);
/* Over as soon as it has begun: `for` has no meaning. */
bool fault_is_instant(fault_kind kind);

typedef char node_name[ID_MAX + 1];

/* Who is hit: `names`, or else `count` nodes of a group (of all when `group` is -1), drawn by the seed. */
typedef struct fault_nodes {
    char group_name[GROUP_NAME_MAX + 1];
    int group;        /* index into node_groups; -1: all */
    double share;     /* 0: loading turns it into a count, at least 1 */
    int64_t count;    /* 0 when there are names */
    node_name *names; /* owned */
    size_t name_count;
} fault_nodes;

/* What a node knows from then on. */
typedef struct fault_languages {
    bool given; /* else: a fresh draw of what its group knows */
    node_languages choice;
} fault_languages;

typedef enum fault_data { FAULT_DATA_KEPT, FAULT_DATA_LOST } fault_data;

typedef struct fault {
    usec_t at;
    usec_t every; /* of an instance: time and again from `at` on, by chance, in the mean so long between two; 0: once */
    usec_t lasts; /* 0: for good, or instant */
    int kind;     /* fault_kind */
    fault_nodes nodes;
    double factor;                 /* SLOW, REDIS_SLOW: everything takes so many times as long */
    fault_languages languages;     /* LANGUAGES */
    char service[SERVICE_MAX + 1]; /* MISSING_MODEL */
    lang_tag *targets;             /* MISSING_MODEL: only jobs into these; owned */
    size_t target_count;           /* 0: all */
    int data;                      /* REDIS_RESTART: fault_data */
    int64_t which;                 /* of an instance: its number + 1; 0: one that is there then, drawn by the seed */
} fault;

/* The kinds as a table. */
void faults_markdown(FILE *out);

/* Rows of a fault. */
extern const setting fault_rows[];

#endif
