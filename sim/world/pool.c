/* pool.c - blocks of 256 items, chained through the first word of the items that are free.
 *
 * Why not malloc: a run makes hundreds of millions of messages that live for milliseconds, and at its end those still under
 * way must go together, without anybody knowing where they are. */
#include "sim/world/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { BLOCK_ITEMS = 256 };

typedef union block {
    union block *next;
    max_align_t align;
} block;

struct pool {
    size_t size, taken;
    block *blocks;
    void *free;
};

pool *pool_new(size_t size) {
    assert(size >= sizeof(void *));
    pool *p = mem_zalloc(1, sizeof *p);
    size_t align = sizeof(max_align_t);
    p->size = (size + align - 1) / align * align;
    return p;
}

pool *pool_free(pool *p) {
    if (!p) return NULL;
    while (p->blocks) {
        block *next = p->blocks->next;
        free(p->blocks);
        p->blocks = next;
    }
    free(p);
    return NULL;
}

static void chain(pool *p, void *item) {
    memcpy(item, &p->free, sizeof p->free);
    p->free = item;
}

static void grow(pool *p) {
    block *b = mem_alloc(sizeof *b + BLOCK_ITEMS * p->size);
    b->next = p->blocks;
    p->blocks = b;
    char *items = (char *)(b + 1);
    for (size_t i = BLOCK_ITEMS; i-- > 0;) chain(p, items + i * p->size);
}

void *pool_take(pool *p) {
    if (!p->free) grow(p);
    void *item = p->free;
    memcpy(&p->free, item, sizeof p->free);
    p->taken++;
    return item;
}

void pool_give(pool *p, void *item) {
    assert(item && p->taken > 0);
    p->taken--;
    chain(p, item);
}
