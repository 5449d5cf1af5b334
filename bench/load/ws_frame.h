/* ws_frame.h - RFC 6455 frames as a client writes and reads them: headers and masks, no connection.
 *
 * Threads: none. Nothing allocates. */
#ifndef BENCH_LOAD_WS_FRAME_H
#define BENCH_LOAD_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WS_HEADER_MAX = 14 };

typedef enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
} ws_opcode;

typedef struct ws_header {
    ws_opcode opcode;
    bool final;
    uint64_t bytes; /* of the payload */
    size_t size;    /* of the header */
} ws_header;

/* Writes a final, masked frame's header and returns its size, at most WS_HEADER_MAX. */
size_t ws_header_write(unsigned char out[WS_HEADER_MAX], ws_opcode opcode, size_t bytes, uint32_t mask);
/* XORs `bytes` of `from` into `to`, which may be the same, with the mask as it stands in the header. */
void ws_mask(unsigned char *to, const unsigned char *from, size_t bytes, uint32_t mask);

typedef enum ws_parse { WS_PARSED, WS_MORE, WS_BAD } ws_parse;

/* The header at the beginning of what a server sent. WS_BAD: reserved bits, an unknown opcode, a mask, a control frame that is
 * fragmented or too long, a payload above `bytes_max`. */
ws_parse ws_header_read(const unsigned char *data, size_t bytes, uint64_t bytes_max, ws_header *ret_header);

#endif
