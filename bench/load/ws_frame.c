/* ws_frame.c - see the header; lengths in 7, 16 or 64 bits, network order. */
#include "bench/load/ws_frame.h"

#include <string.h>

enum { FINAL = 0x80, RESERVED = 0x70, OPCODE = 0x0f, MASKED = 0x80, CONTROL = 0x08, CONTROL_MAX = 125 };
enum { LENGTH_16 = 126, LENGTH_64 = 127 };

size_t ws_header_write(unsigned char out[WS_HEADER_MAX], ws_opcode opcode, size_t bytes, uint32_t mask) {
    size_t size = 2;
    int more = bytes < LENGTH_16 ? 0 : bytes <= UINT16_MAX ? 2 : 8;
    out[0] = (unsigned char)(FINAL | opcode);
    out[1] = (unsigned char)(MASKED | (more == 0 ? (int)bytes : more == 2 ? LENGTH_16 : LENGTH_64));
    for (int i = more - 1; i >= 0; i--) out[size++] = (unsigned char)((uint64_t)bytes >> 8 * i);
    memcpy(out + size, &mask, sizeof mask);
    return size + sizeof mask;
}

/* Eight bytes at a time: the compiler makes vectors of it. */
void ws_mask(unsigned char *to, const unsigned char *from, size_t bytes, uint32_t mask) {
    uint64_t wide = (uint64_t)mask << 32 | mask;
    size_t i = 0;
    for (; i + sizeof wide <= bytes; i += sizeof wide) {
        uint64_t word;
        memcpy(&word, from + i, sizeof word);
        word ^= wide;
        memcpy(to + i, &word, sizeof word);
    }
    unsigned char key[sizeof mask];
    memcpy(key, &mask, sizeof mask);
    for (; i < bytes; i++) to[i] = from[i] ^ key[i % sizeof mask];
}

static bool is_known(int opcode) {
    return opcode <= WS_BINARY || (opcode >= WS_CLOSE && opcode <= WS_PONG);
}

ws_parse ws_header_read(const unsigned char *data, size_t bytes, uint64_t bytes_max, ws_header *ret_header) {
    if (bytes < 2) return WS_MORE;
    int opcode = data[0] & OPCODE, length = data[1] & ~MASKED;
    bool final = data[0] & FINAL, control = opcode & CONTROL;
    if (data[0] & RESERVED || data[1] & MASKED || !is_known(opcode)) return WS_BAD;
    if (control && (!final || length > CONTROL_MAX)) return WS_BAD;
    size_t more = length < LENGTH_16 ? 0 : length == LENGTH_16 ? 2 : 8;
    if (bytes < 2 + more) return WS_MORE;
    uint64_t payload = more ? 0 : (uint64_t)length;
    for (size_t i = 0; i < more; i++) payload = payload << 8 | data[2 + i];
    if (payload > bytes_max) return WS_BAD;
    *ret_header = (ws_header){(ws_opcode)opcode, final, payload, 2 + more};
    return WS_PARSED;
}
