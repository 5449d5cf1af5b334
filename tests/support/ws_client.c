/* ws_client.c - RFC 6455 by hand: one buffer in, frames as they are asked for. SHA-1 is written out, because the answer to the key is part
 * of what is tested. */
#include "tests/support/ws_client.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"

enum { BUFFER = 64 * 1024, HEAD_MAX = 16 * 1024 };

struct ws_client {
    int fd;
    void (*pump)(void *ctx);
    void *ctx;
    unsigned char buffer[BUFFER];
    size_t begin, end;
    bool closed;
    char *data;
    uint32_t masks;
};

/* ---- SHA-1 and base64, for the key -------------------------------------------------------------------------------- */

static uint32_t roll(uint32_t x, int n) {
    return x << n | x >> (32 - n);
}

/* Of a text short enough for two blocks. */
static void sha1(const char *text, unsigned char digest[20]) {
    size_t bytes = strlen(text);
    unsigned char block[128] = {0};
    size_t blocks = bytes + 9 <= 64 ? 1 : 2;
    ck_assert_uint_le(bytes + 9, 128);
    memcpy(block, text, bytes);
    block[bytes] = 0x80;
    uint64_t bits = bytes * 8;
    for (size_t i = 0; i < 8; i++) block[blocks * 64 - 1 - i] = (unsigned char)(bits >> (8 * i));
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    for (size_t b = 0; b < blocks; b++) {
        uint32_t w[80], v[5];
        for (size_t i = 0; i < 16; i++) {
            const unsigned char *p = block + b * 64 + 4 * i;
            w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        }
        for (size_t i = 16; i < 80; i++) w[i] = roll(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        memcpy(v, h, sizeof v);
        for (size_t i = 0; i < 80; i++) {
            uint32_t f = i < 20   ? (v[1] & v[2]) | (~v[1] & v[3])
                         : i < 40 ? v[1] ^ v[2] ^ v[3]
                         : i < 60 ? (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])
                                  : v[1] ^ v[2] ^ v[3];
            static const uint32_t k[] = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
            uint32_t t = roll(v[0], 5) + f + v[4] + k[i / 20] + w[i];
            v[4] = v[3];
            v[3] = v[2];
            v[2] = roll(v[1], 30);
            v[1] = v[0];
            v[0] = t;
        }
        for (int i = 0; i < 5; i++) h[i] += v[i];
    }
    for (int i = 0; i < 20; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const unsigned char *data, size_t bytes, char *out) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = 0;
    for (size_t i = 0; i < bytes; i += 3) {
        uint32_t three = (uint32_t)data[i] << 16;
        if (i + 1 < bytes) three |= (uint32_t)data[i + 1] << 8;
        if (i + 2 < bytes) three |= data[i + 2];
        out[at++] = alphabet[three >> 18 & 63];
        out[at++] = alphabet[three >> 12 & 63];
        out[at++] = i + 1 < bytes ? alphabet[three >> 6 & 63] : '=';
        out[at++] = i + 2 < bytes ? alphabet[three & 63] : '=';
    }
    out[at] = '\0';
}

/* ---- the socket ----------------------------------------------------------------------------------------------------- */

static void wait_for(ws_client *c, short events, time_t began) {
    ck_assert_msg(time(NULL) - began <= WS_PATIENCE_SEC, "the server does nothing for %d s", WS_PATIENCE_SEC);
    if (c->pump)
        c->pump(c->ctx);
    else
        poll(&(struct pollfd){.fd = c->fd, .events = events}, 1, 1000);
}

static ws_client *begin(int fd, const struct sockaddr *at, socklen_t size, void (*pump)(void *ctx), void *ctx) {
    ws_client *c = mem_zalloc(1, sizeof *c);
    ck_assert_int_ge(fd, 0);
    c->fd = fd;
    c->pump = pump;
    c->ctx = ctx;
    if (connect(fd, at, size) != 0) ck_abort_msg("connect: %s", strerror(errno));
    ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return c;
}

ws_client *ws_client_tcp(int port, void (*pump)(void *ctx), void *ctx) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return begin(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *)&at, sizeof at, pump, ctx);
}

ws_client *ws_client_unix(const char *path, void (*pump)(void *ctx), void *ctx) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    return begin(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *)&at, sizeof at, pump, ctx);
}

ws_client *ws_client_free(ws_client *c) {
    if (!c) return NULL;
    close(c->fd);
    free(c->data);
    free(c);
    return NULL;
}

int ws_client_fd(const ws_client *c) {
    return c->fd;
}

bool ws_client_try_bytes(ws_client *c, const void *data, size_t bytes) {
    const char *at = data;
    time_t began = time(NULL);
    while (bytes) {
        ssize_t sent = send(c->fd, at, bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return false;
        if (sent < 0) {
            wait_for(c, POLLOUT, began);
            continue;
        }
        at += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

void ws_client_send_bytes(ws_client *c, const void *data, size_t bytes) {
    ck_assert_msg(ws_client_try_bytes(c, data, bytes), "send: %s", strerror(errno));
}

/* False: closed. */
static bool fill(ws_client *c) {
    time_t began = time(NULL);
    if (c->closed) return false;
    if (c->begin == c->end) c->begin = c->end = 0;
    for (;;) {
        ssize_t got = recv(c->fd, c->buffer + c->end, BUFFER - c->end, 0);
        if (got > 0) {
            c->end += (size_t)got;
            return true;
        }
        if (got == 0 || errno != EAGAIN) {
            c->closed = true;
            return false;
        }
        wait_for(c, POLLIN, began);
    }
}

int ws_client_byte(ws_client *c) {
    if (c->begin == c->end && !fill(c)) return -1;
    return c->buffer[c->begin++];
}

size_t ws_client_waiting(ws_client *c) {
    int bytes = 0;
    ck_assert_int_eq(ioctl(c->fd, FIONREAD, &bytes), 0);
    return (size_t)bytes + (c->end - c->begin);
}

/* ---- the handshake -------------------------------------------------------------------------------------------------- */

int ws_client_upgrade(ws_client *c, const char *path, const char *headers) {
    char request[HEAD_MAX], key[32], expected[32], text[96];
    unsigned char nonce[16], digest[20];
    for (size_t i = 0; i < sizeof nonce; i++) nonce[i] = (unsigned char)(17 * i + (size_t)c->fd);
    base64(nonce, sizeof nonce, key);
    snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    sha1(text, digest);
    base64(digest, sizeof digest, expected);
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, "
                          "Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
                          path, key, headers);
    ck_assert_int_lt(length, HEAD_MAX);
    if (!ws_client_try_bytes(c, request, (size_t)length)) return 0;
    char answer[HEAD_MAX];
    size_t used = 0;
    do {
        int byte = ws_client_byte(c);
        if (byte < 0) return 0;
        answer[used++] = (char)byte;
        answer[used] = '\0';
    } while (used + 1 < sizeof answer && !(used >= 4 && memcmp(answer + used - 4, "\r\n\r\n", 4) == 0));
    int status = 0;
    ck_assert_int_eq(sscanf(answer, "HTTP/1.1 %d", &status), 1);
    if (status == 101) ck_assert_msg(strstr(answer, expected) != NULL, "no %s in: %s", expected, answer);
    return status;
}

/* ---- frames --------------------------------------------------------------------------------------------------------- */

size_t ws_client_header(unsigned char out[14], bool fin, int opcode, bool masked, uint64_t bytes) {
    size_t at = 0;
    out[at++] = (unsigned char)((fin ? 0x80 : 0) | opcode);
    unsigned char mask = masked ? 0x80 : 0;
    if (bytes < 126) {
        out[at++] = (unsigned char)(mask | bytes);
    } else if (bytes < 65536) {
        out[at++] = mask | 126;
        out[at++] = (unsigned char)(bytes >> 8);
        out[at++] = (unsigned char)bytes;
    } else {
        out[at++] = mask | 127;
        for (int shift = 56; shift >= 0; shift -= 8) out[at++] = (unsigned char)(bytes >> shift);
    }
    if (masked) {
        memset(out + at, 0, 4);
        at += 4;
    }
    return at;
}

void ws_client_send_frame(ws_client *c, bool fin, int opcode, const void *data, size_t bytes) {
    unsigned char head[14];
    size_t length = ws_client_header(head, fin, opcode, true, bytes);
    uint32_t mask = 0x9E3779B9u * ++c->masks;
    memcpy(head + length - 4, &mask, 4);
    unsigned char *frame = mem_alloc(length + bytes);
    memcpy(frame, head, length);
    for (size_t i = 0; i < bytes; i++) frame[length + i] = ((const unsigned char *)data)[i] ^ head[length - 4 + i % 4];
    ws_client_send_bytes(c, frame, length + bytes);
    free(frame);
}

void ws_client_send_text(ws_client *c, const char *text) {
    ws_client_send_frame(c, true, WS_TEXT, text, strlen(text));
}

ws_frame ws_client_read(ws_client *c) {
    ws_frame f = {.opcode = -1};
    int first = ws_client_byte(c), second = ws_client_byte(c);
    if (second < 0) return f;
    ck_assert_msg(!(second & 0x80), "a server does not mask");
    ck_assert_msg(!(first & 0x70), "no extension was agreed on");
    uint64_t bytes = (uint64_t)(second & 0x7F);
    int more = bytes == 126 ? 2 : bytes == 127 ? 8 : 0;
    if (more) bytes = 0;
    while (more-- > 0) bytes = bytes << 8 | (uint64_t)(ws_client_byte(c) & 0xFF);
    free(c->data);
    c->data = mem_alloc(bytes + 1);
    for (uint64_t i = 0; i < bytes; i++) {
        int byte = ws_client_byte(c);
        if (byte < 0) return f;
        c->data[i] = (char)byte;
    }
    c->data[bytes] = '\0';
    f.opcode = first & 0xF;
    f.fin = first & 0x80;
    f.bytes = bytes;
    f.data = c->data;
    if (f.opcode == WS_CLOSE && bytes >= 2) f.code = (unsigned char)f.data[0] << 8 | (unsigned char)f.data[1];
    return f;
}

const char *ws_client_text(ws_client *c) {
    for (;;) {
        ws_frame f = ws_client_read(c);
        if (f.opcode == WS_PING) {
            ws_client_send_frame(c, true, WS_PONG, f.data, f.bytes);
            continue;
        }
        ck_assert_msg(f.opcode == WS_TEXT && f.fin, "opcode %d, code %d: %s", f.opcode, f.code,
                      f.bytes > 2 ? f.data + 2 : "");
        return f.data;
    }
}

int ws_client_closed(ws_client *c) {
    int code = 0;
    for (;;) {
        ws_frame f = ws_client_read(c);
        if (f.opcode < 0) return code;
        if (f.opcode != WS_CLOSE) continue;
        code = f.code;
        unsigned char answer[2] = {(unsigned char)(code >> 8), (unsigned char)code};
        unsigned char frame[16];
        size_t length = ws_client_header(frame, true, WS_CLOSE, true, code ? 2 : 0);
        memcpy(frame + length, answer, sizeof answer);
        ws_client_try_bytes(c, frame, length + (code ? 2 : 0));
    }
}
