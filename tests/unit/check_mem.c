/* check_mem.c - allocation gives memory or ends the process with a message. */
#include "core/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

/* AddressSanitizer would otherwise end the process itself, before mem.c can. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "allocator_may_return_null=1";
}

START_TEST(zalloc_gives_zeros) {
    unsigned char *block = mem_zalloc(100, 3);
    for (size_t i = 0; i < 300; i++) ck_assert_uint_eq(block[i], 0);
    free(block);
}
END_TEST

START_TEST(nothing_is_an_allocation_too) {
    void *blocks[] = {mem_alloc(0), mem_zalloc(0, 8), mem_zalloc(8, 0), mem_realloc(NULL, 0, 8),
                      mem_realloc(mem_alloc(4), 4, 0)};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        ck_assert_ptr_nonnull(blocks[i]);
        free(blocks[i]);
    }
}
END_TEST

START_TEST(realloc_keeps_what_was_there) {
    char *block = strcpy(mem_alloc(8), "abcdefg");
    block = mem_realloc(block, 1000, 16);
    ck_assert_str_eq(block, "abcdefg");
    memset(block, 'x', 16000);
    block = mem_realloc(block, 4, 1);
    ck_assert_mem_eq(block, "xxxx", 4);
    free(block);
}
END_TEST

START_TEST(strdup_copies) {
    const char *text = "translate";
    char *copy = mem_strdup(text);
    ck_assert_str_eq(copy, text);
    ck_assert_ptr_ne(copy, text);
    free(copy);
    copy = mem_strdup("");
    ck_assert_str_eq(copy, "");
    free(copy);
}
END_TEST

/* Read at run time, so that no compiler warns of what these do on purpose. */
static volatile size_t too_much = SIZE_MAX / 2;

static void alloc_too_much(void) {
    free(mem_alloc(too_much));
}

static void zalloc_too_much(void) {
    free(mem_zalloc(1, too_much));
}

static void zalloc_overflows(void) {
    free(mem_zalloc(too_much, 4));
}

static void realloc_too_much(void) {
    free(mem_realloc(NULL, too_much, 1));
}

static void realloc_overflows(void) {
    free(mem_realloc(NULL, too_much + 2, 2)); /* the product would be 2 */
}

START_TEST(running_out_of_memory_ends_the_process) {
    ck_assert(suite_aborts(alloc_too_much));
    ck_assert(suite_aborts(zalloc_too_much));
    ck_assert(suite_aborts(zalloc_overflows));
    ck_assert(suite_aborts(realloc_too_much));
    ck_assert(suite_aborts(realloc_overflows));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        zalloc_gives_zeros, nothing_is_an_allocation_too,           realloc_keeps_what_was_there,
        strdup_copies,      running_out_of_memory_ends_the_process,
    };
    return SUITE_RUN("mem", tests);
}
