/* pool.h - items of one size that come and go by the million: taken from blocks, given back to a free list.
 *
 * An address stays valid until the pool is freed; the block of an item that was given back is reused, never returned. */
#ifndef SIM_WORLD_POOL_H
#define SIM_WORLD_POOL_H

#include <stddef.h>

typedef struct pool pool;

/* `size` of one item, at least that of a pointer. */
pool *pool_new(size_t size);
pool *pool_free(pool *p); /* with all items, also those that are taken; takes NULL, returns NULL */

void *pool_take(pool *p); /* its content is undefined */
void pool_give(pool *p, void *item);

#endif
