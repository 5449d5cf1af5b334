/* uv_attach.c - a poll handle whose interest follows what the client library asks for.
 *
 * The handle outlives the connection by one turn of the loop, because libuv closes handles in a turn of its own; until then it
 * has no connection any more. */
#include "core/redis/uv_attach.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <uv.h>

#include "core/base/mem.h"

typedef struct poller {
    uv_poll_t handle;
    redisAsyncContext *redis; /* NULL: it has ended */
    int events;
} poller;

/* libuv stops polling after an error, so the library must find the cause now; when it finds none, reading again will. */
static void on_error(poller *p) {
    redisAsyncHandleWrite(p->redis);
    if (p->redis) redisAsyncHandleRead(p->redis);
}

static void watch(poller *p, int events);

static void on_event(uv_poll_t *handle, int status, int events) {
    poller *p = handle->data;
    if (!p->redis) return;
    if (status < 0) {
        on_error(p);
        if (p->redis) watch(p, p->events);
        return;
    }
    if (events & UV_READABLE) redisAsyncHandleRead(p->redis);
    if (p->redis && (events & UV_WRITABLE)) redisAsyncHandleWrite(p->redis);
}

static void watch(poller *p, int events) {
    p->events = events;
    if (events)
        uv_poll_start(&p->handle, events, on_event);
    else
        uv_poll_stop(&p->handle);
}

static void add_read(void *p) {
    poller *of = p;
    if (!(of->events & UV_READABLE)) watch(of, of->events | UV_READABLE);
}

static void del_read(void *p) {
    watch(p, ((poller *)p)->events & ~UV_READABLE);
}

static void add_write(void *p) {
    poller *of = p;
    if (!(of->events & UV_WRITABLE)) watch(of, of->events | UV_WRITABLE);
}

static void del_write(void *p) {
    watch(p, ((poller *)p)->events & ~UV_WRITABLE);
}

static void on_close(uv_handle_t *handle) {
    free(handle->data);
}

static void cleanup(void *arg) {
    poller *p = arg;
    p->redis = NULL;
    uv_close((uv_handle_t *)&p->handle, on_close);
}

int uv_attach(uv_loop_t *loop, redisAsyncContext *redis) {
    poller *p = mem_zalloc(1, sizeof *p);
    int error = uv_poll_init(loop, &p->handle, redis->c.fd);
    if (error) {
        free(p);
        return error;
    }
    p->handle.data = p;
    p->redis = redis;
    redis->ev.data = p;
    redis->ev.addRead = add_read;
    redis->ev.delRead = del_read;
    redis->ev.addWrite = add_write;
    redis->ev.delWrite = del_write;
    redis->ev.cleanup = cleanup;
    return 0;
}
