/* frame.c - the struct apart from the bytes: the block can grow while it is written, and is adopted when it is done. */
#include "core/wire/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

frame *frame_adopt(bool binary, char *block, size_t bytes) {
    frame *f = mem_alloc(sizeof *f);
    *f = (frame){.refs = 1, .binary = binary, .bytes = bytes, .data = block + FRAME_HEADROOM};
    f->data[bytes] = '\0';
    return f;
}

frame *frame_new(bool binary, size_t bytes) {
    return frame_adopt(binary, mem_alloc(FRAME_HEADROOM + bytes + 1), bytes);
}

frame *frame_of_text(const char *text) {
    size_t bytes = strlen(text);
    frame *f = frame_new(false, bytes);
    memcpy(f->data, text, bytes);
    return f;
}

frame *frame_ref(frame *f) {
    assert(f && f->refs > 0);
    f->refs++;
    return f;
}

frame *frame_unref(frame *f) {
    if (!f) return NULL;
    assert(f->refs > 0);
    if (--f->refs == 0) {
        free(f->data - FRAME_HEADROOM);
        free(f);
    }
    return NULL;
}
