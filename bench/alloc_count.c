/* alloc_count.c - counts what this program asks the allocator for: the linker puts these in front of it (--wrap, see the Makefile).
 *
 * Only calls from our own objects come here, not those that libraries make for themselves: their number would depend on how many
 * bytes a read happens to bring. Linked into lingua-bench alone; elsewhere alloc_count() is not there, and its caller says so. */
#include <stddef.h>
#include <stdint.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
uint64_t alloc_count(void);

/* One for each thread, so that nothing is shared: who asks is who counts. */
static _Thread_local uint64_t allocations;

void *__wrap_malloc(size_t size) {
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
    allocations++;
    return __real_realloc(block, size);
}

uint64_t alloc_count(void) {
    return allocations;
}
