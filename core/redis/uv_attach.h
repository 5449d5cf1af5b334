/* uv_attach.h - lets a libuv loop drive an asynchronous connection of the client library.
 *
 * Why not the adapter that comes with the client library: its functions are static in a header, fail our warnings, and treat a
 * poll error as nothing to do, after which a refused connection is never noticed. */
#ifndef CORE_REDIS_UV_ATTACH_H
#define CORE_REDIS_UV_ATTACH_H

struct redisAsyncContext;
struct uv_loop_s;

/* From now on the loop reads and writes for `redis`. What belongs to it goes with the connection, when the loop has run once
 * more. 0, or libuv's error; then nothing is attached. */
int uv_attach(struct uv_loop_s *loop, struct redisAsyncContext *redis);

#endif
