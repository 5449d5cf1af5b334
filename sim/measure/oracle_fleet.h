/* oracle_fleet.h - what the files of the oracles share; nobody else includes it.
 *
 * Sets of nodes are bit sets over places. Places are in the order in which the central queue prefers free nodes: those that serve
 * the fewest pairs first (the others are kept for jobs that only they can do), then the fastest, then by number. */
#ifndef SIM_MEASURE_ORACLE_FLEET_H
#define SIM_MEASURE_ORACLE_FLEET_H

#include "sim/measure/oracle.h"

#include <stdint.h>
#include <uthash.h>

enum { FLEET_LANGUAGES_MAX = 1024 };

typedef struct fleet_node {
    int64_t slots;
    double speed;
    int pairs;
    size_t number;
    uint16_t sources[LANGS_MAX], targets[LANGS_MAX];
    int source_count, target_count;
} fleet_node;

typedef struct fleet_language {
    char tag[LANG_MAX + 1];
    uint16_t number;
    UT_hash_handle hh;
} fleet_language;

struct oracle_fleet {
    size_t count, words;
    fleet_node *nodes; /* by place, once sorted */
    bool sorted;
    fleet_language *by_tag;
    uint16_t languages;
    uint64_t *sources[FLEET_LANGUAGES_MAX], *targets[FLEET_LANGUAGES_MAX]; /* nodes that know a language; NULL: none */
};

/* Puts the nodes into their places. */
void fleet_sort(oracle_fleet *f);
bool fleet_serves(const oracle_fleet *f, size_t place, uint16_t src, uint16_t tgt);
/* Some node that serves the pair and is in `among` (all when NULL), searching from the word `from` on, around; -1: none. */
int64_t fleet_find(const oracle_fleet *f, const uint64_t *among, uint16_t src, uint16_t tgt, size_t from);
size_t fleet_serving(const oracle_fleet *f, uint16_t src, uint16_t tgt); /* how many do */
/* The n-th of these. */
size_t fleet_nth(const oracle_fleet *f, uint16_t src, uint16_t tgt, size_t n);

static inline void bit_set(uint64_t *set, size_t i, bool value) {
    uint64_t bit = UINT64_C(1) << (i & 63);
    set[i >> 6] = value ? set[i >> 6] | bit : set[i >> 6] & ~bit;
}

static inline bool bit_get(const uint64_t *set, size_t i) {
    return set[i >> 6] >> (i & 63) & 1;
}

#endif
