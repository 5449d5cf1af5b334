/* sync_client.c - the client library's own blocking connection, with deadlines and with scripts by name.
 *
 * Only the code of a refused AUTH is passed on: a server may repeat the arguments, and a password is none for a log. */
#include "core/redis/sync_client.h"

#include "core/base/mem.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

struct sync_client {
    redisContext *redis;
    scripts *scripts; /* borrowed; NULL until sync_client_load */
    size_t outstanding;
    char where[128]; /* for messages */
};

static struct timeval as_timeval(usec_t patience) {
    return (struct timeval){.tv_sec = patience / USEC_PER_SEC, .tv_usec = patience % USEC_PER_SEC};
}

static sched_status broken(const sync_client *client, const char *what, sched_error *err) {
    const redisContext *redis = client->redis;
    bool late = redis->err == REDIS_ERR_IO && (errno == EAGAIN || errno == ETIMEDOUT);
    return sched_fail(err, late ? SCHED_ETIMEDOUT : SCHED_EIO, "redis at %s: %s: %s", client->where, what,
                      late ? "no answer in time" : redis->errstr);
}

static sched_status adopt(redisContext *redis, const char *where, usec_t patience, sync_client **ret_client,
                          sched_error *err) {
    if (!redis) return sched_fail(err, SCHED_EIO, "redis at %s: out of memory", where);
    if (redis->err || redisSetTimeout(redis, as_timeval(patience)) != REDIS_OK) {
        sched_fail(err, SCHED_EIO, "redis at %s: %s", where, redis->errstr);
        redisFree(redis);
        return SCHED_EIO;
    }
    sync_client *client = mem_zalloc(1, sizeof *client);
    client->redis = redis;
    snprintf(client->where, sizeof client->where, "%s", where);
    *ret_client = client;
    return SCHED_OK;
}

sched_status sync_client_open_socket(const char *path, usec_t patience, sync_client **ret_client, sched_error *err) {
    assert(patience > 0);
    return adopt(redisConnectUnixWithTimeout(path, as_timeval(patience)), path, patience, ret_client, err);
}

sched_status sync_client_open_tcp(const char *host, int port, usec_t patience, sync_client **ret_client,
                                  sched_error *err) {
    assert(patience > 0);
    char where[128];
    snprintf(where, sizeof where, "%s:%d", host, port);
    return adopt(redisConnectWithTimeout(host, port, as_timeval(patience)), where, patience, ret_client, err);
}

/* Some servers repeat the arguments of a command that they do not know, so only the code of the answer is passed on. */
static sched_status introduce(sync_client *client, const redis_call *call, sched_error *err) {
    redis_reply *reply = NULL;
    sched_status status = sync_client_call(client, call, &reply, err);
    if (!status && reply_is_error(reply))
        status = sched_fail(err, SCHED_EPROTO, "redis at %s: %s was refused: %.*s", client->where, call_arg(call, 0),
                            (int)strcspn(reply_text(reply), " "), reply_text(reply));
    sync_reply_free(reply);
    return status;
}

static sched_status introduce_as(sync_client *client, const redis_url *url, sched_error *err) {
    redis_call call;
    sched_status status = SCHED_OK;
    if (*url->user || *url->password) {
        call_command(&call, "AUTH");
        if (*url->user) call_str(&call, url->user);
        call_str(&call, url->password);
        status = introduce(client, &call, err);
    }
    if (!status && url->db) {
        call_command(&call, "SELECT");
        call_int(&call, url->db);
        status = introduce(client, &call, err);
    }
    return status;
}

sched_status sync_client_open_url(const redis_url *url, usec_t patience, sync_client **ret_client, sched_error *err) {
    sync_client *client = NULL;
    sched_status status = *url->socket ? sync_client_open_socket(url->socket, patience, &client, err)
                                       : sync_client_open_tcp(url->host, url->port, patience, &client, err);
    if (status) return status;
    status = introduce_as(client, url, err);
    if (status)
        sync_client_close(client);
    else
        *ret_client = client;
    return status;
}

sync_client *sync_client_close(sync_client *client) {
    if (!client) return NULL;
    redisFree(client->redis);
    free(client);
    return NULL;
}

static sched_status load_one(sync_client *client, script_id id, sched_error *err) {
    const char *argv[3] = {"SCRIPT", "LOAD", NULL};
    size_t len[3] = {6, 4, 0};
    argv[2] = scripts_text(client->scripts, id, &len[2]);
    redisReply *reply = redisCommandArgv(client->redis, 3, argv, len);
    if (!reply) return broken(client, "SCRIPT LOAD", err);
    sched_status status = scripts_loaded(client->scripts, id, reply, err);
    freeReplyObject(reply);
    return status;
}

sched_status sync_client_load(sync_client *client, scripts *s, sched_error *err) {
    assert(!client->outstanding);
    client->scripts = s;
    sched_status status = SCHED_OK;
    for (int id = 0; id < SCRIPT_COUNT && !status; id++) status = load_one(client, (script_id)id, err);
    return status;
}

sched_status sync_client_append(sync_client *client, const redis_call *call, sched_error *err) {
    const char *sha = "";
    if (call->script != SCRIPT_NONE) {
        assert(client->scripts && "sync_client_load() comes first");
        sha = scripts_sha(client->scripts, call->script);
    }
    call_argv argv;
    call_argv_make(&argv, call, sha);
    if (redisAppendCommandArgv(client->redis, argv.argc, argv.argv, argv.len) != REDIS_OK)
        return broken(client, "write", err);
    client->outstanding++;
    return SCHED_OK;
}

sched_status sync_client_read(sync_client *client, redis_reply **ret_reply, sched_error *err) {
    assert(client->outstanding);
    void *reply = NULL;
    if (redisGetReply(client->redis, &reply) != REDIS_OK) return broken(client, "read", err);
    client->outstanding--;
    *ret_reply = reply;
    return SCHED_OK;
}

static bool is_noscript(const redis_reply *reply) {
    return reply_is_error(reply) && !strncmp(reply_text(reply), "NOSCRIPT", 8);
}

sched_status sync_client_call(sync_client *client, const redis_call *call, redis_reply **ret_reply, sched_error *err) {
    assert(!client->outstanding);
    redis_reply *reply = NULL;
    sched_status status = sync_client_append(client, call, err);
    if (!status) status = sync_client_read(client, &reply, err);
    if (!status && call->script != SCRIPT_NONE && is_noscript(reply)) {
        reply = sync_reply_free(reply);
        status = load_one(client, call->script, err);
        if (!status) status = sync_client_append(client, call, err);
        if (!status) status = sync_client_read(client, &reply, err);
    }
    if (!status) *ret_reply = reply;
    return status;
}

redis_reply *sync_reply_free(redis_reply *reply) {
    if (reply) freeReplyObject(reply);
    return NULL;
}
