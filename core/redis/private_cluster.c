/* private_cluster.c - the steps of `redis-cli --cluster create`, without asking.
 *
 * Each master is told its slots and an epoch of its own before they meet, so that nobody has to be elected; a replica can be told
 * its master only when it has heard of it, hence the waiting in between. */
#include "core/redis/private_cluster.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/redis/cluster_map.h"
#include "core/redis/sync_client.h"

#define ASK_PATIENCE (2 * USEC_PER_SEC)

enum { SERVERS_MAX = PRIVATE_MASTERS_MAX * (1 + PRIVATE_REPLICAS_MAX), TRIES = 5, AGREE_MSEC = 20000, PAUSE_MSEC = 10 };

typedef struct member {
    private_server *server;
    sync_client *client; /* while it is started */
    int port, bus;
    char id[48];
} member;

struct private_cluster {
    int masters, servers;
    int share; /* slots of each master but the last */
    member of[SERVERS_MAX];
};

const private_cluster_options private_cluster_defaults = {.masters = 3, .node_timeout_ms = 2000};

/* ---- servers -------------------------------------------------------------------------------------------------------- */

static int listen_anywhere(int *ret_port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (bind(fd, (struct sockaddr *)&address, len) || getsockname(fd, (struct sockaddr *)&address, &len)) {
        close(fd);
        return -1;
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

/* Both are held until both are known, so that they differ. Somebody may take one before the server does: hence TRIES. */
static sched_status free_ports(member *m, sched_error *err) {
    int a = listen_anywhere(&m->port);
    int b = listen_anywhere(&m->bus);
    int error = errno;
    if (a >= 0) close(a);
    if (b >= 0) close(b);
    return a < 0 || b < 0 ? sched_fail(err, SCHED_EIO, "a free port: %s", strerror(error)) : SCHED_OK;
}

static sched_status start_member(const private_cluster_options *options, member *m, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int i = 0; i < TRIES; i++) {
        char bus[16], silent[16];
        status = free_ports(m, err);
        if (status) return status;
        snprintf(bus, sizeof bus, "%d", m->bus);
        snprintf(silent, sizeof silent, "%d", options->node_timeout_ms);
        const char *config[] = {"cluster-enabled",
                                "yes",
                                "cluster-port",
                                bus,
                                "cluster-node-timeout",
                                silent,
                                "repl-diskless-sync-delay",
                                "0",
                                "cluster-allow-replica-migration",
                                "no",
                                NULL};
        private_server_options server = private_server_defaults;
        server.binary = options->binary;
        server.config = config;
        server.port = m->port;
        status = private_server_start(&server, &m->server, err);
        if (status == SCHED_OK || status == SCHED_ENOENT || status == SCHED_EINVAL) break;
    }
    if (!status) status = sync_client_open_socket(private_server_socket(m->server), ASK_PATIENCE, &m->client, err);
    return status;
}

/* ---- introductions -------------------------------------------------------------------------------------------------- */

/* "CLUSTER ...", words by spaces. The caller frees the reply. */
static sched_status ask(const member *m, const char *words, redis_reply **ret_reply, sched_error *err) {
    char copy[160], *rest = copy;
    redis_call call;
    snprintf(copy, sizeof copy, "%s", words);
    call_command(&call, strsep(&rest, " "));
    while (rest) call_str(&call, strsep(&rest, " "));
    sched_status status = sync_client_call(m->client, &call, ret_reply, err);
    if (!status && reply_is_error(*ret_reply)) {
        status = sched_fail(err, SCHED_EPROTO, "%s: %s", words, reply_text(*ret_reply));
        *ret_reply = sync_reply_free(*ret_reply);
    }
    return status;
}

static sched_status tell(const member *m, sched_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static sched_status tell(const member *m, sched_error *err, const char *format, ...) {
    char words[160];
    redis_reply *reply = NULL;
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    sched_status status = ask(m, words, &reply, err);
    sync_reply_free(reply);
    return status;
}

static sched_status introduce(private_cluster *c, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int i = 0; i < c->servers && !status; i++) {
        redis_reply *reply = NULL;
        status = ask(&c->of[i], "CLUSTER MYID", &reply, err);
        if (!status) snprintf(c->of[i].id, sizeof c->of[i].id, "%s", reply_text(reply));
        sync_reply_free(reply);
        if (!status) status = tell(&c->of[i], err, "CLUSTER SET-CONFIG-EPOCH %d", i + 1);
    }
    for (int i = 0; i < c->masters && !status; i++) {
        int last = i + 1 < c->masters ? (i + 1) * c->share - 1 : CLUSTER_SLOTS - 1;
        status = tell(&c->of[i], err, "CLUSTER ADDSLOTSRANGE %d %d", i * c->share, last);
    }
    for (int i = 1; i < c->servers && !status; i++)
        status = tell(&c->of[0], err, "CLUSTER MEET 127.0.0.1 %d %d", c->of[i].port, c->of[i].bus);
    return status;
}

static bool says(const member *m, const char *words, const char *expected) {
    redis_reply *reply = NULL;
    bool said = !ask(m, words, &reply, NULL) && strstr(reply_text(reply), expected);
    sync_reply_free(reply);
    return said;
}

static bool knows_all(const private_cluster *c, int i) {
    char known[32];
    snprintf(known, sizeof known, "cluster_known_nodes:%d\r", c->servers);
    return says(&c->of[i], "CLUSTER INFO", known);
}

static bool is_well(const private_cluster *c, int i) {
    char size[32];
    snprintf(size, sizeof size, "cluster_size:%d\r", c->masters);
    if (!says(&c->of[i], "CLUSTER INFO", "cluster_state:ok") || !says(&c->of[i], "CLUSTER INFO", size)) return false;
    return i < c->masters || says(&c->of[i], "INFO replication", "master_link_status:up");
}

static sched_status wait_for(const private_cluster *c, bool (*fine)(const private_cluster *c, int i),
                             sched_error *err) {
    int waited = 0;
    for (int i = 0; i < c->servers; i++)
        while (!fine(c, i)) {
            if (waited >= AGREE_MSEC)
                return sched_fail(err, SCHED_ETIMEDOUT, "the %d servers of the cluster did not agree within 20 s",
                                  c->servers);
            usleep(PAUSE_MSEC * 1000);
            waited += PAUSE_MSEC;
        }
    return SCHED_OK;
}

static sched_status form(private_cluster *c, sched_error *err) {
    sched_status status = introduce(c, err);
    if (!status) status = wait_for(c, knows_all, err);
    for (int i = c->masters; i < c->servers && !status; i++)
        status = tell(&c->of[i], err, "CLUSTER REPLICATE %s", c->of[i % c->masters].id);
    return status ? status : wait_for(c, is_well, err);
}

/* ---- the interface -------------------------------------------------------------------------------------------------- */

sched_status private_cluster_start(const private_cluster_options *options, private_cluster **ret_cluster,
                                   sched_error *err) {
    if (!options) options = &private_cluster_defaults;
    assert(options->masters >= 1 && options->masters <= PRIVATE_MASTERS_MAX);
    assert(options->replicas >= 0 && options->replicas <= PRIVATE_REPLICAS_MAX);
    private_cluster *c = mem_zalloc(1, sizeof *c);
    c->masters = options->masters;
    c->servers = options->masters * (1 + options->replicas);
    c->share = (CLUSTER_SLOTS + c->masters - 1) / c->masters;
    sched_status status = SCHED_OK;
    for (int i = 0; i < c->servers && !status; i++) status = start_member(options, &c->of[i], err);
    if (!status) status = form(c, err);
    for (int i = 0; i < c->servers; i++) c->of[i].client = sync_client_close(c->of[i].client);
    if (status) {
        private_cluster_stop(c);
        return status;
    }
    *ret_cluster = c;
    return SCHED_OK;
}

private_cluster *private_cluster_stop(private_cluster *c) {
    if (!c) return NULL;
    for (int i = 0; i < c->servers; i++) private_server_stop(c->of[i].server);
    free(c);
    return NULL;
}

int private_cluster_masters(const private_cluster *c) {
    return c->masters;
}

int private_cluster_servers(const private_cluster *c) {
    return c->servers;
}

private_server *private_cluster_server(const private_cluster *c, int i) {
    assert(i >= 0 && i < c->servers);
    return c->of[i].server;
}

int private_cluster_port(const private_cluster *c, int i) {
    assert(i >= 0 && i < c->servers);
    return c->of[i].port;
}

int private_cluster_master_of(const private_cluster *c, int slot) {
    return slot / c->share;
}

redis_url private_cluster_url(const private_cluster *c) {
    redis_url url = {.cluster = true, .port = c->of[0].port};
    snprintf(url.host, sizeof url.host, "127.0.0.1");
    for (int i = 1; i < c->servers && i <= REDIS_OTHERS_MAX; i++) {
        redis_host_port *other = &url.other[url.others++];
        snprintf(other->host, sizeof other->host, "127.0.0.1");
        other->port = c->of[i].port;
    }
    return url;
}
