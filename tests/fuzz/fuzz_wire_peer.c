/* fuzz_wire_peer.c - a frame of another instance is refused, or is said again as it was heard.
 *
 * An input that begins with '{' is a head up to its first NUL, and parts behind it, so that the length need not be guessed. */
#include <string.h>

#include "core/base/mem.h"
#include "core/wire/peer_frame.h"
#include "tests/fuzz/fuzz.h"

static void try_frame(const char *data, size_t size) {
    peer_frame heard, again;
    sched_error err;
    if (peer_frame_decode(data, size, &heard, &err)) {
        FUZZ_ASSERT(*err.message);
        return;
    }
    if (strlen(heard.from) > 64 || size > 512) { /* real ones have bounded names; an encoded head has its limit */
        peer_frame_free(&heard);
        return;
    }
    frame *f = peer_frame_encode(heard.from, &heard.message);
    FUZZ_ASSERT(!peer_frame_decode(f->data, f->bytes, &again, &err));
    frame *second = peer_frame_encode(again.from, &again.message);
    FUZZ_ASSERT(f->bytes == second->bytes && !memcmp(f->data, second->data, f->bytes));
    frame_unref(f);
    frame_unref(second);
    peer_frame_free(&again);
    peer_frame_free(&heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0 || data[0] != '{') {
        try_frame((const char *)data, size);
        return 0;
    }
    const uint8_t *nul = memchr(data, 0, size);
    size_t head = nul ? (size_t)(nul - data) : size, parts = nul ? size - head - 1 : 0;
    char *made = mem_alloc(4 + head + parts);
    for (int i = 0; i < 4; i++) made[i] = (char)(head >> (24 - 8 * i));
    memcpy(made + 4, data, head);
    if (parts) memcpy(made + 4 + head, nul + 1, parts);
    try_frame(made, 4 + head + parts);
    free(made);
    return 0;
}
