/* peer_frame.h - what instances say to each other (core/instance/peer.h) as binary frames: a length, a JSON head, then sound, its
 * `about` and content as they are.
 *
 *     u32 length of the head, big endian | head | sound | about | content        lengths of the last three stand in the head
 *
 * Bounds   Decoding refuses a frame whose lengths do not add up, and heads beyond PEER_HEAD_MAX. */
#ifndef CORE_WIRE_PEER_FRAME_H
#define CORE_WIRE_PEER_FRAME_H

#include "core/base/status.h"
#include "core/instance/peer.h"
#include "core/wire/frame.h"

enum { PEER_HEAD_MAX = 16 * 1024 };

/* `from`: the sender's instance id. */
frame *peer_frame_encode(const char *from, const peer_message *message);

typedef struct peer_frame {
    const char *from;
    peer_message message; /* its texts, pair, sound and content live until peer_frame_free() */
    lang_pair pair;
    char *texts;
} peer_frame;

sched_status peer_frame_decode(const char *data, size_t bytes, peer_frame *ret_frame, sched_error *err);
void peer_frame_free(peer_frame *f);

#endif
