/* recorded_internal.h - what the two files of recorded.h share: what was read, and what is to be written. */
#ifndef SIM_SCENARIO_RECORDED_INTERNAL_H
#define SIM_SCENARIO_RECORDED_INTERNAL_H

#include "sim/scenario/recorded.h"

#include <stdbool.h>
#include <stdio.h>

#include "core/base/clock.h"
#include "core/base/histogram.h"
#include "core/base/limits.h"

#include <uthash.h>

enum { NODE_TEXT_MAX = 20 };

/* Nodes that are alike. */
typedef struct group {
    char *key; /* "slots|sources|targets" */
    int64_t slots, ready, peak;
    char *sources, *targets;
    UT_hash_handle hh;
} group;

typedef struct node {
    char id[NODE_TEXT_MAX];
    group *in;
    bool ready;
    UT_hash_handle hh;
} node;

typedef struct lang {
    char tag[LANG_MAX + 1];
    UT_hash_handle hh;
} lang;

/* Sums for the least squares of y = overhead + rtf * x. */
typedef struct line {
    double n, x, y, xx, xy, yy;
} line;

typedef struct import {
    group *groups;
    node *nodes;
    lang *langs;
    line service;
    histogram *total; /* usec */
    recorded_facts facts;
    double first, last;
    FILE *arrivals;
} import;

/* recorded_tables.c */
sched_status recorded_read_arrivals(import *in, const char *folder, sched_error *err); /* copied to in->arrivals */
sched_status recorded_read_rest(import *in, const char *folder, sched_error *err);
void recorded_forget(import *in);

#endif
