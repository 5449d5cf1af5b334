/* fuzz.h - what all targets of `make fuzz` share: libFuzzer's entry, and an assert that stays on in every build. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a finding unless `right`. */
#define FUZZ_ASSERT(right)                                                                                             \
    do {                                                                                                               \
        if (!(right)) {                                                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #right);                                        \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

#endif
