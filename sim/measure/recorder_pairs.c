/* recorder_pairs.c - which language pairs fare worst.
 *
 * A full histogram for each of ten thousand pairs would be two gigabytes. Eight counts per doubling tell a bad pair from a
 * good one in 700 bytes. */
#include "sim/measure/recorder_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { LOWEST_BIT = 10, HIGHEST_BIT = 32, PER_DOUBLING = 8, COARSE = (HIGHEST_BIT - LOWEST_BIT) * PER_DOUBLING };

struct pair_record {
    char name[PAIR_MAX + 1];
    lang_pair pair;
    int64_t submitted, refused, answered;
    usec_t sum, max;
    uint32_t coarse[COARSE];
    UT_hash_handle hh;
};

pair_record *pair_of(recorder *r, const lang_pair *pair) {
    char name[PAIR_MAX + 1];
    pair_record *p;
    lang_pair_text(name, pair);
    HASH_FIND_STR(r->pairs, name, p);
    if (p) return p;
    p = mem_zalloc(1, sizeof *p);
    memcpy(p->name, name, sizeof p->name);
    p->pair = *pair;
    HASH_ADD_STR(r->pairs, name, p);
    return p;
}

void pair_submitted(pair_record *p, bool refused) {
    if (refused)
        p->refused++;
    else
        p->submitted++;
}

static int coarse_of(usec_t value) {
    if (value < 1 << LOWEST_BIT) return 0;
    int bit = 63 - __builtin_clzll((uint64_t)value);
    if (bit >= HIGHEST_BIT) return COARSE - 1;
    return (bit - LOWEST_BIT) * PER_DOUBLING + (int)(value >> (bit - 3) & (PER_DOUBLING - 1));
}

static usec_t highest_of(int coarse) {
    int bit = LOWEST_BIT + coarse / PER_DOUBLING;
    return ((usec_t)(PER_DOUBLING + coarse % PER_DOUBLING + 1) << (bit - 3)) - 1;
}

void pair_answered(pair_record *p, usec_t latency) {
    p->answered++;
    p->sum += latency;
    if (latency > p->max) p->max = latency;
    p->coarse[coarse_of(latency)]++;
}

static usec_t p95_of(const pair_record *p) {
    int64_t rank = (p->answered * 95 + 99) / 100, below = 0;
    for (int i = 0; i < COARSE; i++) {
        below += p->coarse[i];
        if (below >= rank) return highest_of(i) < p->max ? highest_of(i) : p->max;
    }
    return p->max;
}

static int worse_first(const void *a, const void *b) {
    const pair_figures *x = a, *y = b;
    if (x->p95 != y->p95) return x->p95 > y->p95 ? -1 : 1;
    int src = strcmp(x->pair.src, y->pair.src);
    return src ? src : strcmp(x->pair.tgt, y->pair.tgt);
}

size_t recorder_worst_pairs(const recorder *r, int64_t least, pair_figures *ret_figures, size_t max,
                            size_t *ret_pairs) {
    size_t count = HASH_COUNT(r->pairs), used = 0;
    *ret_pairs = count;
    pair_figures *all = mem_zalloc(count ? count : 1, sizeof *all);
    for (const pair_record *p = r->pairs; p; p = p->hh.next) {
        if (p->answered < least || !p->answered) continue;
        all[used++] =
            (pair_figures){p->pair, p->submitted, p->refused, p->answered, p->sum / p->answered, p95_of(p), p->max};
    }
    qsort(all, used, sizeof *all, worse_first);
    if (used > max) used = max;
    memcpy(ret_figures, all, used * sizeof *all);
    free(all);
    return used;
}

void pairs_free(recorder *r) {
    pair_record *p, *next;
    HASH_ITER (hh, r->pairs, p, next) {
        HASH_DEL(r->pairs, p);
        free(p);
    }
}
