/* frame.h - a message that leaves, shared by reference count between the queues of all connections it goes to.
 *
 * FRAME_HEADROOM unused bytes stand before the text, so that whoever frames it for the wire needs no copy. */
#ifndef CORE_WIRE_FRAME_H
#define CORE_WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>

enum { FRAME_HEADROOM = 32 };

typedef struct frame {
    int refs;
    bool binary;
    size_t bytes;
    char *data; /* `bytes` of them, behind the headroom; a NUL follows that is not counted */
} frame;

/* One reference; `data` is to be filled by the caller. */
frame *frame_new(bool binary, size_t bytes);
/* Takes ownership of a block by malloc() that holds the headroom, `bytes` bytes, and room for the NUL. */
frame *frame_adopt(bool binary, char *block, size_t bytes);
/* A copy of the text. */
frame *frame_of_text(const char *text);
frame *frame_ref(frame *f);
/* Takes NULL, returns NULL; the last one frees. */
frame *frame_unref(frame *f);

#endif
