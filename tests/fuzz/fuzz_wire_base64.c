/* fuzz_wire_base64.c - what decodes is what encoding gives again; what does not, base64_valid() refuses too. */
#include <string.h>

#include "core/base/mem.h"
#include "core/wire/base64.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    unsigned char *bytes = mem_alloc(size / 4 * 3 + 1);
    char *back = mem_alloc(base64_size(size) + 1);
    size_t count;
    bool valid = base64_decode(text, size, bytes, &count);
    FUZZ_ASSERT(base64_valid(text, size) == valid);
    if (valid) {
        FUZZ_ASSERT(base64_size(count) == size);
        base64_encode(bytes, count, back);
        FUZZ_ASSERT(!memcmp(back, text, size));
    }
    base64_encode(data, size, back);
    FUZZ_ASSERT(base64_valid(back, base64_size(size)));
    free(bytes);
    free(back);
    return 0;
}
