/* mem.h - allocation that does not fail.
 *
 * Running out of memory ends the process with a message that carries the size: a scheduler that cannot allocate cannot keep
 * its promises either, and its state is in Redis. Everything that outsiders can make grow is bounded elsewhere, by count and
 * with a status. Free with free(). */
#ifndef CORE_BASE_MEM_H
#define CORE_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
/* `count` * `size` zero bytes; an overflow of the product counts as out of memory. */
void *mem_zalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *mem_realloc(void *block, size_t count, size_t size) __attribute__((returns_nonnull));
char *mem_strdup(const char *text) __attribute__((malloc, returns_nonnull));

#endif
