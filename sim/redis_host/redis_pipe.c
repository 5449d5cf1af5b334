/* redis_pipe.c - the socket and the parser are the client library's, buffers and reading are ours: to count bytes,
 * to spin before sleeping, and to send without giving the buffer back to the allocator each time.
 *
 * Reading asks again for a moment before it sleeps, as the server does at its end (preload/spin.h).
 *
 * Replies wait in a ring indexed by ticket: [base, read) are parsed, [read, next) in flight. */
#include "sim/redis_host/redis_pipe.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/mem.h"
#include "sim/redis_host/preload/spin.h"

enum {
    FLUSH_BYTES = 64 * 1024, /* an unsent buffer never grows much beyond it */
    READ_BYTES = 64 * 1024,
    FIRST_RING = 256,
    SILENCE_MS = 30000, /* a server that says nothing for so long is given up */
};

typedef struct place {
    redisReply *reply;
    bool unwanted; /* dropped before it was read */
    bool spent;
} place;

struct redis_pipe {
    redisContext *context;
    uint64_t spin_nsec;
    spin spin;
    sched_error failure; /* status SCHED_OK: none */
    char *out;
    size_t out_len, out_cap;
    place *ring;
    uint64_t ring_size; /* a power of two */
    redis_ticket base, read, next;
    uint64_t fed; /* bytes given to the parser */
    redis_pipe_counts counts;
    char in[READ_BYTES];
};

sched_status redis_pipe_open(const char *socket, uint64_t spin_nsec, redis_pipe **ret_pipe, sched_error *err) {
    redisContext *context = redisConnectUnix(socket);
    if (!context || context->err) {
        sched_status status = sched_fail(err, SCHED_EIO, "%s: %s", socket, context ? context->errstr : "out of memory");
        if (context) redisFree(context);
        return status;
    }
    redis_pipe *p = mem_zalloc(1, sizeof *p);
    p->context = context;
    p->spin_nsec = spin_nsec;
    p->ring_size = FIRST_RING;
    p->ring = mem_zalloc(p->ring_size, sizeof *p->ring);
    *ret_pipe = p;
    return SCHED_OK;
}

static place *place_of(const redis_pipe *p, redis_ticket t) {
    assert(t >= p->base && t < p->next);
    return &p->ring[t & (p->ring_size - 1)];
}

redis_pipe *redis_pipe_close(redis_pipe *p) {
    if (!p) return NULL;
    for (redis_ticket t = p->base; t < p->next; t++)
        assert(t < p->read ? place_of(p, t)->spent : place_of(p, t)->unwanted);
    redisFree(p->context);
    free(p->ring);
    free(p->out);
    free(p);
    return NULL;
}

sched_status redis_pipe_status(const redis_pipe *p, sched_error *err) {
    if (p->failure.status && err) *err = p->failure;
    return p->failure.status;
}

uint64_t redis_pipe_in_flight(const redis_pipe *p) {
    return p->next - p->read;
}

redis_pipe_counts redis_pipe_count(const redis_pipe *p) {
    return p->counts;
}

static void grow_ring(redis_pipe *p) {
    uint64_t size = p->ring_size * 2;
    place *ring = mem_zalloc(size, sizeof *ring);
    for (redis_ticket t = p->base; t < p->next; t++) ring[t & (size - 1)] = *place_of(p, t);
    free(p->ring);
    p->ring = ring;
    p->ring_size = size;
}

redis_ticket redis_pipe_append(redis_pipe *p, const char *resp, size_t len) {
    if (p->out_len + len > p->out_cap) {
        p->out_cap = 2 * (p->out_len + len);
        p->out = mem_realloc(p->out, p->out_cap, 1);
    }
    memcpy(p->out + p->out_len, resp, len);
    p->out_len += len;
    if (p->next - p->base == p->ring_size) grow_ring(p);
    redis_ticket ticket = p->next++;
    *place_of(p, ticket) = (place){0};
    if (p->out_len >= FLUSH_BYTES) redis_pipe_flush(p);
    return ticket;
}

/* A blocking send cannot deadlock: the server buffers replies and always goes on reading. */
void redis_pipe_flush(redis_pipe *p) {
    size_t sent = 0;
    while (sent < p->out_len && !p->failure.status) {
        ssize_t n = send(p->context->fd, p->out + sent, p->out_len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            sched_fail(&p->failure, SCHED_EIO, "sending %zu bytes to Redis: %s", p->out_len - sent, strerror(errno));
            break;
        }
        sent += (size_t)n;
        p->counts.writes++;
    }
    p->counts.bytes_sent += sent;
    p->out_len = 0;
}

static ssize_t receive_now(redis_pipe *p) {
    ssize_t n;
    do n = recv(p->context->fd, p->in, sizeof p->in, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n;
}

static ssize_t receive(redis_pipe *p) {
    ssize_t n = receive_now(p);
    if (n >= 0 || errno != EAGAIN) return n;
    p->counts.waits++;
    if (spin_begin(&p->spin, p->spin_nsec)) {
        do {
            n = receive_now(p);
            if (n > 0) spin_won(&p->spin);
            if (n >= 0 || errno != EAGAIN) return n;
        } while (spin_again(&p->spin));
    }
    struct pollfd file = {.fd = p->context->fd, .events = POLLIN};
    int ready;
    do ready = poll(&file, 1, SILENCE_MS);
    while (ready < 0 && errno == EINTR);
    if (ready > 0) return receive_now(p);
    if (ready == 0) errno = ETIMEDOUT;
    return -1;
}

static void feed(redis_pipe *p) {
    ssize_t n = receive(p);
    if (n > 0) {
        p->fed += (uint64_t)n;
        redisReaderFeed(p->context->reader, p->in, (size_t)n);
    } else {
        sched_fail(&p->failure, SCHED_EIO, "reading from Redis, %llu replies outstanding: %s",
                   (unsigned long long)redis_pipe_in_flight(p), n ? strerror(errno) : "it closed the connection");
    }
}

static void advance_base(redis_pipe *p) {
    while (p->base < p->read && place_of(p, p->base)->spent) p->base++;
}

static void store(redis_pipe *p, redisReply *reply) {
    const redisReader *reader = p->context->reader;
    p->counts.bytes_received = p->fed - (reader->len - reader->pos);
    place *s = place_of(p, p->read++);
    if (s->unwanted) {
        freeReplyObject(reply);
        s->spent = true;
        advance_base(p);
    } else {
        s->reply = reply;
    }
}

/* Reads until everything before `end` is parsed, or the connection breaks. */
static void read_until(redis_pipe *p, redis_ticket end) {
    if (p->read < end) redis_pipe_flush(p);
    while (p->read < end && !p->failure.status) {
        void *reply = NULL;
        if (redisReaderGetReply(p->context->reader, &reply) != REDIS_OK)
            sched_fail(&p->failure, SCHED_EPROTO, "reading from Redis: %s", p->context->reader->errstr);
        else if (reply)
            store(p, reply);
        else
            feed(p);
    }
}

void redis_pipe_drain(redis_pipe *p) {
    read_until(p, p->next);
}

static redisReply *spend(redis_pipe *p, redis_ticket ticket) {
    place *s = place_of(p, ticket);
    assert(!s->spent && !s->unwanted);
    redisReply *reply = s->reply;
    s->reply = NULL;
    s->spent = true;
    advance_base(p);
    return reply;
}

redis_reply *redis_pipe_take(redis_pipe *p, redis_ticket ticket) {
    read_until(p, ticket + 1);
    if (ticket < p->read) return spend(p, ticket);
    place_of(p, ticket)->unwanted = true; /* the connection broke */
    return NULL;
}

void redis_pipe_drop(redis_pipe *p, redis_ticket ticket) {
    if (ticket < p->read)
        freeReplyObject(spend(p, ticket));
    else
        place_of(p, ticket)->unwanted = true;
}
