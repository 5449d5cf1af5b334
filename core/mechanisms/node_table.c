/* node_table.c - hash tables by name, by pair and by grant; what a node stands in, it knows by place.
 *
 * Why each node keeps its place in every pair: a node that leaves takes itself out of a thousand pairs without a search. */
#include "core/mechanisms/node_table.h"

#include "core/base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct pair_nodes {
    char text[PAIR_MAX + 1];
    known_node **nodes;
    uint32_t *of; /* by position: which of the node's places this is */
    uint32_t count, capacity;
    UT_hash_handle hh;
};

struct node_table {
    known_node *nodes;
    known_node *by_age; /* the oldest first */
    pair_nodes *pairs;
    known_hold *holds;
};

node_table *node_table_new(void) {
    return mem_zalloc(1, sizeof(node_table));
}

node_table *node_table_free(node_table *t) {
    if (!t) return NULL;
    known_node *n, *next;
    HASH_ITER (hh, t->nodes, n, next) node_table_remove(t, n);
    free(t);
    return NULL;
}

/* ---- nodes ---------------------------------------------------------------------------------------------------------- */

known_node *node_table_find(const node_table *t, const char *id) {
    known_node *n;
    HASH_FIND_STR(t->nodes, id, n);
    return n;
}

known_node *node_table_add(node_table *t, const char *id) {
    assert(!node_table_find(t, id));
    known_node *n = mem_zalloc(1, sizeof *n);
    snprintf(n->id, sizeof n->id, "%s", id);
    n->soonest = INT64_MAX;
    HASH_ADD_STR(t->nodes, id, n);
    DL_APPEND2(t->by_age, n, older, newer);
    return n;
}

static void leave_pairs(node_table *t, known_node *n);

void node_table_remove(node_table *t, known_node *n) {
    leave_pairs(t, n);
    while (n->holds) node_table_release(t, n->holds);
    HASH_DEL(t->nodes, n);
    DL_DELETE2(t->by_age, n, older, newer);
    free(n->sources);
    free(n->targets);
    free(n->marks);
    free(n);
}

size_t node_table_count(const node_table *t) {
    return HASH_COUNT(t->nodes);
}

known_node *node_table_first(const node_table *t) {
    return t->nodes;
}

void node_table_heard(node_table *t, known_node *n, int64_t now) {
    n->heard = now;
    DL_DELETE2(t->by_age, n, older, newer);
    DL_APPEND2(t->by_age, n, older, newer);
}

known_node *node_table_oldest(const node_table *t) {
    return t->by_age;
}

/* ---- languages ------------------------------------------------------------------------------------------------------ */

static pair_nodes *pair_for(node_table *t, const lang_pair *pair) {
    char text[PAIR_MAX + 1];
    pair_nodes *p;
    lang_pair_text(text, pair);
    HASH_FIND_STR(t->pairs, text, p);
    if (p) return p;
    p = mem_zalloc(1, sizeof *p);
    memcpy(p->text, text, sizeof p->text);
    HASH_ADD_STR(t->pairs, text, p);
    return p;
}

static void join_pair(pair_nodes *p, known_node *n, uint32_t which) {
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? 2 * p->capacity : 4;
        p->nodes = mem_realloc(p->nodes, p->capacity, sizeof *p->nodes);
        p->of = mem_realloc(p->of, p->capacity, sizeof *p->of);
    }
    p->nodes[p->count] = n;
    p->of[p->count] = which;
    n->places[which] = (pair_place){p, p->count++};
}

static void leave_pair(node_table *t, const pair_place *place) {
    pair_nodes *p = place->pair;
    uint32_t last = --p->count, hole = place->position;
    p->nodes[hole] = p->nodes[last];
    p->of[hole] = p->of[last];
    p->nodes[hole]->places[p->of[hole]].position = hole;
    if (p->count > 0) return;
    HASH_DEL(t->pairs, p);
    free(p->nodes);
    free(p->of);
    free(p);
}

static void leave_pairs(node_table *t, known_node *n) {
    for (uint32_t i = 0; i < n->place_count; i++) leave_pair(t, &n->places[i]);
    free(n->places);
    n->places = NULL;
    n->place_count = 0;
}

static void join_pairs(node_table *t, known_node *n, const lang_service *service) {
    lang_pair pair;
    int cursor = 0;
    n->places = mem_zalloc((size_t)lang_service_pairs(service) + 1, sizeof *n->places);
    while (lang_service_next(service, &cursor, &pair)) join_pair(pair_for(t, &pair), n, n->place_count++);
}

bool node_table_set_languages(node_table *t, known_node *n, const char *sources, const char *targets) {
    lang_service service = {0};
    bool known = !lang_list_parse(sources, &service.sources, NULL) && !lang_list_parse(targets, &service.targets, NULL);
    leave_pairs(t, n);
    free(n->sources);
    free(n->targets);
    n->sources = mem_strdup(known ? sources : "");
    n->targets = mem_strdup(known ? targets : "");
    if (known) join_pairs(t, n, &service);
    return known;
}

static bool text_has(const char *list, const char *tag) {
    size_t len = strlen(tag);
    for (const char *at = list; (at = strstr(at, tag)); at += len) {
        bool starts = at == list || at[-1] == ' ';
        if (starts && (at[len] == ' ' || at[len] == '\0')) return true;
    }
    return false;
}

bool known_node_serves(const known_node *n, const lang_pair *pair) {
    return n->sources && text_has(n->sources, pair->src) && text_has(n->targets, pair->tgt);
}

known_node *const *node_table_of_pair(const node_table *t, const lang_pair *pair, size_t *ret_count) {
    char text[PAIR_MAX + 1];
    pair_nodes *p;
    lang_pair_text(text, pair);
    HASH_FIND_STR(t->pairs, text, p);
    *ret_count = p ? p->count : 0;
    return p ? p->nodes : NULL;
}

/* ---- grants --------------------------------------------------------------------------------------------------------- */

known_hold *node_table_held(const node_table *t, const known_node *n, const char *job, int64_t attempt) {
    known_hold wanted, *h;
    memset(&wanted.key, 0, sizeof wanted.key); /* with what lies between the fields */
    snprintf(wanted.key.job, sizeof wanted.key.job, "%s", job);
    wanted.key.attempt = attempt;
    wanted.key.node = n;
    HASH_FIND(hh, t->holds, &wanted.key, sizeof wanted.key, h);
    return h;
}

known_hold *node_table_hold(node_table *t, known_node *n, const char *job, int64_t attempt, int64_t expiry) {
    known_hold *h = node_table_held(t, n, job, attempt);
    if (!h) {
        h = mem_zalloc(1, sizeof *h);
        snprintf(h->key.job, sizeof h->key.job, "%s", job);
        h->key.attempt = attempt;
        h->key.node = n;
        h->node = n;
        HASH_ADD(hh, t->holds, key, sizeof h->key, h);
        DL_APPEND(n->holds, h);
        n->own++;
    }
    if (expiry > h->expiry) h->expiry = expiry;
    if (h->expiry < n->soonest) n->soonest = h->expiry;
    return h;
}

int64_t known_node_holds(const known_node *n, int64_t now) {
    int64_t live = 0;
    if (n->soonest > now) return n->own;
    for (const known_hold *h = n->holds; h; h = h->next) live += h->expiry > now;
    return live;
}

void node_table_release(node_table *t, known_hold *h) {
    known_node *n = h->node;
    HASH_DELETE(hh, t->holds, h);
    DL_DELETE(n->holds, h);
    n->own--;
    free(h);
}

void node_table_expire(node_table *t, known_node *n, int64_t now) {
    if (n->soonest > now) return;
    known_hold *h, *next;
    n->soonest = INT64_MAX;
    DL_FOREACH_SAFE(n->holds, h, next) {
        if (h->expiry <= now)
            node_table_release(t, h);
        else if (h->expiry < n->soonest)
            n->soonest = h->expiry;
    }
}
