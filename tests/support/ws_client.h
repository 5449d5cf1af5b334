/* ws_client.h - a WebSocket client of the tests' own, down to single bytes: it shares no code with what it tests.
 *
 * Sockets do not block. While nothing can be read or written `pump` is called (NULL: the thread waits), which runs the loop of the server
 * in the same process; after WS_PATIENCE_SEC of waiting the test fails. Frames are masked unless said otherwise. */
#ifndef TESTS_SUPPORT_WS_CLIENT_H
#define TESTS_SUPPORT_WS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WS_PATIENCE_SEC = 20, WS_CONT = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

typedef struct ws_client ws_client;

/* To 127.0.0.1, or to a unix socket. */
ws_client *ws_client_tcp(int port, void (*pump)(void *ctx), void *ctx);
ws_client *ws_client_unix(const char *path, void (*pump)(void *ctx), void *ctx);
/* Takes NULL, returns NULL. */
ws_client *ws_client_free(ws_client *c);

/* The handshake, with more header lines ("A: b\r\n", or ""): the HTTP status of the answer; 101 only with the right key. 0: closed. */
int ws_client_upgrade(ws_client *c, const char *path, const char *headers);
void ws_client_send_bytes(ws_client *c, const void *data, size_t bytes);
/* False when the other end is gone. */
bool ws_client_try_bytes(ws_client *c, const void *data, size_t bytes);
void ws_client_send_frame(ws_client *c, bool fin, int opcode, const void *data, size_t bytes);
void ws_client_send_text(ws_client *c, const char *text);
/* Header alone, of a frame of `bytes`; the mask is zero. Returns its length. */
size_t ws_client_header(unsigned char out[14], bool fin, int opcode, bool masked, uint64_t bytes);

typedef struct ws_frame {
    int opcode; /* -1: the other end has closed the socket */
    bool fin;
    size_t bytes;
    char *data; /* with a NUL behind; lives until the next call */
    int code;   /* of a close frame with one; else 0 */
} ws_frame;

ws_frame ws_client_read(ws_client *c);
/* The text of the next frame, which must be a whole text message; pings are answered and skipped. */
const char *ws_client_text(ws_client *c);
/* Reads until the end: the code of the close frame, 0 when there was none. Other frames are dropped. */
int ws_client_closed(ws_client *c);
/* Bytes that have come and were not looked at, without waiting. */
size_t ws_client_waiting(ws_client *c);
/* One byte of what comes, as it is; -1: closed. */
int ws_client_byte(ws_client *c);
int ws_client_fd(const ws_client *c);

#endif
