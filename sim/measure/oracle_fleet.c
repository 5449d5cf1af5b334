/* oracle_fleet.c - which nodes serve a pair, as the intersection of two bit sets: those that understand the source and those that
 * speak the target. Sixty-four nodes are asked at a time, and nothing is stored for each pair. */
#include "sim/measure/oracle_fleet.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/mem.h"

oracle_fleet *oracle_fleet_new(size_t nodes) {
    assert(nodes > 0);
    oracle_fleet *f = mem_zalloc(1, sizeof *f);
    f->count = nodes;
    f->words = (nodes + 63) / 64;
    f->nodes = mem_zalloc(nodes, sizeof *f->nodes);
    return f;
}

oracle_fleet *oracle_fleet_free(oracle_fleet *f) {
    if (!f) return NULL;
    fleet_language *l, *next;
    HASH_ITER (hh, f->by_tag, l, next) {
        HASH_DEL(f->by_tag, l);
        free(l);
    }
    for (int i = 0; i < f->languages; i++) {
        free(f->sources[i]);
        free(f->targets[i]);
    }
    free(f->nodes);
    free(f);
    return NULL;
}

uint16_t oracle_fleet_language(oracle_fleet *f, const char *tag) {
    fleet_language *l;
    HASH_FIND_STR(f->by_tag, tag, l);
    if (l) return l->number;
    assert(f->languages < FLEET_LANGUAGES_MAX);
    l = mem_zalloc(1, sizeof *l);
    snprintf(l->tag, sizeof l->tag, "%s", tag);
    l->number = f->languages++;
    HASH_ADD_STR(f->by_tag, tag, l);
    return l->number;
}

void oracle_fleet_set(oracle_fleet *f, size_t node, int64_t slots, double speed, const lang_service *service) {
    assert(node < f->count && slots >= 1 && speed > 0 && !f->sorted);
    fleet_node *n = &f->nodes[node];
    *n = (fleet_node){.slots = slots, .speed = speed, .pairs = lang_service_pairs(service), .number = node};
    for (int i = 0; i < service->sources.count; i++)
        n->sources[n->source_count++] = oracle_fleet_language(f, service->sources.tag[i]);
    for (int i = 0; i < service->targets.count; i++)
        n->targets[n->target_count++] = oracle_fleet_language(f, service->targets.tag[i]);
}

static int preferred_first(const void *a, const void *b) {
    const fleet_node *x = a, *y = b;
    if (x->pairs != y->pairs) return x->pairs < y->pairs ? -1 : 1;
    if (x->speed != y->speed) return x->speed > y->speed ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static void mark(const oracle_fleet *f, uint64_t **set, size_t place) {
    if (!*set) *set = mem_zalloc(f->words, sizeof **set);
    bit_set(*set, place, true);
}

void fleet_sort(oracle_fleet *f) {
    if (f->sorted) return;
    f->sorted = true;
    qsort(f->nodes, f->count, sizeof *f->nodes, preferred_first);
    for (size_t place = 0; place < f->count; place++) {
        const fleet_node *n = &f->nodes[place];
        for (int i = 0; i < n->source_count; i++) mark(f, &f->sources[n->sources[i]], place);
        for (int i = 0; i < n->target_count; i++) mark(f, &f->targets[n->targets[i]], place);
    }
}

bool fleet_serves(const oracle_fleet *f, size_t place, uint16_t src, uint16_t tgt) {
    return f->sources[src] && f->targets[tgt] && bit_get(f->sources[src], place) && bit_get(f->targets[tgt], place);
}

static uint64_t word_of(const oracle_fleet *f, uint16_t src, uint16_t tgt, size_t i) {
    return f->sources[src] && f->targets[tgt] ? f->sources[src][i] & f->targets[tgt][i] : 0;
}

int64_t fleet_find(const oracle_fleet *f, const uint64_t *among, uint16_t src, uint16_t tgt, size_t from) {
    for (size_t k = 0, i = from; k < f->words; k++, i = i + 1 < f->words ? i + 1 : 0) {
        uint64_t word = word_of(f, src, tgt, i) & (among ? among[i] : UINT64_MAX);
        if (word) return (int64_t)(i * 64) + __builtin_ctzll(word);
    }
    return -1;
}

size_t fleet_serving(const oracle_fleet *f, uint16_t src, uint16_t tgt) {
    size_t n = 0;
    for (size_t i = 0; i < f->words; i++) n += (size_t)__builtin_popcountll(word_of(f, src, tgt, i));
    return n;
}

size_t fleet_nth(const oracle_fleet *f, uint16_t src, uint16_t tgt, size_t n) {
    for (size_t i = 0;; i++) {
        assert(i < f->words);
        uint64_t word = word_of(f, src, tgt, i);
        size_t here = (size_t)__builtin_popcountll(word);
        if (n >= here) {
            n -= here;
            continue;
        }
        while (n-- > 0) word &= word - 1;
        return i * 64 + (size_t)__builtin_ctzll(word);
    }
}
