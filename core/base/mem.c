/* mem.c - one place that decides what running out of memory means.
 *
 * Why abort() and not exit(): nothing that is registered to run at exit could work without memory, and a core dump shows who
 * asked. Why a size of 0 is rounded up: malloc(0) may return NULL, which would look like running out. */
#include "core/base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(size_t count, size_t size) {
    fprintf(stderr, "out of memory: %zu * %zu bytes were asked for\n", count, size);
    abort();
}

void *mem_alloc(size_t size) {
    void *block = malloc(size ? size : 1);
    if (!block) out_of_memory(1, size);
    return block;
}

void *mem_zalloc(size_t count, size_t size) {
    void *block = calloc(count ? count : 1, size ? size : 1);
    if (!block) out_of_memory(count, size);
    return block;
}

void *mem_realloc(void *block, size_t count, size_t size) {
    if (size && count > SIZE_MAX / size) out_of_memory(count, size);
    void *grown = realloc(block, count && size ? count * size : 1);
    if (!grown) out_of_memory(count, size);
    return grown;
}

char *mem_strdup(const char *text) {
    size_t len = strlen(text) + 1;
    return memcpy(mem_alloc(len), text, len);
}
