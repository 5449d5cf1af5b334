/* entropy.c - getrandom() for each: a fraction of a microsecond, for things that happen once per connection or utterance. */
#include "core/daemon/entropy.h"

#include <assert.h>
#include <stdio.h>
#include <sys/random.h>

uint64_t entropy_u64(void) {
    uint64_t value = 0;
    ssize_t got;
    do got = getrandom(&value, sizeof value, 0);
    while (got < 0); /* a signal came while the pool was not ready */
    assert(got == (ssize_t)sizeof value);
    return value;
}

uint64_t entropy_token(void) {
    uint64_t token;
    do token = entropy_u64();
    while (token == 0);
    return token;
}

char *entropy_uuid(char text[TRACE_ID_LEN + 1]) {
    uint64_t high = (entropy_u64() & ~UINT64_C(0xF000)) | 0x4000;
    uint64_t low = entropy_u64() >> 2 | UINT64_C(1) << 63;
    snprintf(text, TRACE_ID_LEN + 1, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16 & 0xFFFF), (unsigned)(high & 0xFFFF), (unsigned)(low >> 48),
             (unsigned long long)(low & 0xFFFFFFFFFFFF));
    return text;
}
