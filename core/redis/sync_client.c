/* sync_client.c - the client library's own blocking connection, with deadlines and with scripts by name.
 *
 * To a cluster it is a client of clients: each call finds one of them, and the answers are collected in the order of the calls. All
 * of them send before one is waited for, so the servers work at the same time.
 *
 * Only the code of a refused AUTH is passed on: a server may repeat the arguments, and a password is none for a log. */
#include "core/redis/sync_client.h"

#include "core/base/mem.h"
#include "core/redis/cluster_map.h"
#include "core/redis/sync_cluster.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum { MOVES_MAX = 100, MOVE_PAUSE_MS = 20 };

struct sync_client {
    sync_cluster *cluster; /* NULL: a single server, which the others are about */
    redisContext *redis;
    scripts *scripts; /* borrowed; NULL until sync_client_load */
    size_t outstanding;
    bool unsent;     /* something lies in the buffer */
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

static sched_status open_cluster(const redis_url *url, usec_t patience, sync_client **ret_client, sched_error *err) {
    sync_cluster *cluster = NULL;
    sched_status status = sync_cluster_open(url, patience, &cluster, err);
    if (status) return status;
    *ret_client = mem_zalloc(1, sizeof **ret_client);
    (*ret_client)->cluster = cluster;
    return SCHED_OK;
}

sched_status sync_client_open_url(const redis_url *url, usec_t patience, sync_client **ret_client, sched_error *err) {
    if (url->cluster) return open_cluster(url, patience, ret_client, err);
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
    sync_cluster_close(client->cluster);
    if (client->redis) redisFree(client->redis);
    free(client);
    return NULL;
}

sched_status sync_client_find(redis_url *url, usec_t patience, sync_client **ret_client, sched_error *err) {
    redis_call call;
    redis_reply *reply = NULL;
    sync_client *client = NULL;
    sched_status status = sync_client_open_url(url, patience, &client, err);
    if (status) return status;
    if (!url->cluster) {
        call_command(&call, "INFO");
        call_str(&call, "cluster");
        status = sync_client_call(client, &call, &reply, err);
        url->cluster = !status && strstr(reply_text(reply), "cluster_enabled:1");
        sync_reply_free(reply);
        if (status || url->cluster) client = sync_client_close(client);
        if (!status && url->cluster) status = sync_client_open_url(url, patience, &client, err);
    }
    if (!status) *ret_client = client;
    return status;
}

int sync_client_masters(const sync_client *client) {
    return client->cluster ? sync_cluster_masters(client->cluster) : 1;
}

void sync_client_turn_to(sync_client *client, int master) {
    assert(master >= 0 && master < sync_client_masters(client));
    if (client->cluster) sync_cluster_turn_to(client->cluster, master);
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
    for (int i = 0; client->cluster && i < sync_client_masters(client) && !status; i++)
        status = sync_client_load(sync_cluster_at(client->cluster, i), s, err);
    for (int id = 0; !client->cluster && id < SCRIPT_COUNT && !status; id++)
        status = load_one(client, (script_id)id, err);
    return status;
}

static sched_status append_to_one(sync_client *client, const redis_call *call, sched_error *err) {
    int master = sync_cluster_master_of(client->cluster, call);
    sched_status status = sync_client_append(sync_cluster_at(client->cluster, master), call, err);
    if (status) return status;
    sync_cluster_owe(client->cluster, master);
    client->outstanding++;
    return SCHED_OK;
}

/* Sends what lies in the buffers. */
static sched_status send_all(sync_client *client, sched_error *err) {
    for (int i = 0; i < sync_client_masters(client); i++) {
        sync_client *one = sync_cluster_at(client->cluster, i);
        if (!one->unsent) continue;
        one->unsent = false;
        for (int done = 0; !done;)
            if (redisBufferWrite(one->redis, &done) != REDIS_OK) return broken(one, "write", err);
    }
    return SCHED_OK;
}

static sched_status read_from_one(sync_client *client, redis_reply **ret_reply, sched_error *err) {
    sync_client *one = sync_cluster_at(client->cluster, sync_cluster_take(client->cluster));
    void *here = NULL;
    client->outstanding--;
    if (redisGetReplyFromReader(one->redis, &here) != REDIS_OK) return broken(one, "read", err);
    if (here) {
        one->outstanding--;
        *ret_reply = here;
        return SCHED_OK;
    }
    sched_status status = send_all(client, err);
    return status ? status : sync_client_read(one, ret_reply, err);
}

sched_status sync_client_append(sync_client *client, const redis_call *call, sched_error *err) {
    if (client->cluster) return append_to_one(client, call, err);
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
    client->unsent = true;
    return SCHED_OK;
}

sched_status sync_client_read(sync_client *client, redis_reply **ret_reply, sched_error *err) {
    assert(client->outstanding);
    if (client->cluster) return read_from_one(client, ret_reply, err);
    void *reply = NULL;
    if (redisGetReply(client->redis, &reply) != REDIS_OK) return broken(client, "read", err);
    client->outstanding--;
    *ret_reply = reply;
    return SCHED_OK;
}

static bool is_noscript(const redis_reply *reply) {
    return reply_is_error(reply) && !strncmp(reply_text(reply), "NOSCRIPT", 8);
}

static bool is_turned_away(const redis_reply *reply) {
    int slot;
    redis_host_port to;
    return reply_is_error(reply) && cluster_refusal_of(reply_text(reply), "?", &slot, &to) != CLUSTER_NO_REFUSAL;
}

static void pause_a_little(void) {
    nanosleep(&(struct timespec){.tv_nsec = MOVE_PAUSE_MS * 1000000L}, NULL);
}

/* Where the slot is now; the last refusal is passed on as the error that it is. */
static sched_status call_one(sync_client *client, const redis_call *call, redis_reply **ret_reply, sched_error *err) {
    redis_reply *reply = NULL;
    sched_status status = SCHED_OK;
    for (int i = 0; i < MOVES_MAX && !status; i++) {
        int master = sync_cluster_master_of(client->cluster, call);
        sync_reply_free(reply);
        reply = NULL;
        status = sync_client_call(sync_cluster_at(client->cluster, master), call, &reply, err);
        if (status || !is_turned_away(reply)) break;
        pause_a_little();
        status = sync_cluster_refresh(client->cluster, err);
        if (!status && client->scripts) status = sync_client_load(client, client->scripts, err);
    }
    if (status)
        sync_reply_free(reply);
    else
        *ret_reply = reply;
    return status;
}

sched_status sync_client_call(sync_client *client, const redis_call *call, redis_reply **ret_reply, sched_error *err) {
    assert(!client->outstanding);
    if (client->cluster) return call_one(client, call, ret_reply, err);
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
