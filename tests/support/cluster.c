#include "tests/support/cluster.h"

#include "core/redis/sync_client.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOTS = 16384, SHARE = (SLOTS + CLUSTER_MASTERS - 1) / CLUSTER_MASTERS, TRIES = 5, AGREE_MSEC = 20000 };

typedef struct ports {
    int client, bus;
} ports;

static int listen_anywhere(int *ret_port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) || getsockname(fd, (struct sockaddr *)&address, &len)) {
        perror("a free port");
        return -1;
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

/* Both are held until both are known, so that they differ. Somebody may take one before the server does: hence
 * TRIES. */
static ports free_ports(void) {
    ports found = {0, 0};
    int a = listen_anywhere(&found.client);
    int b = listen_anywhere(&found.bus);
    if (a >= 0) close(a);
    if (b >= 0) close(b);
    return found;
}

static sched_status start_master(private_server **ret_server, ports *ret_ports, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int i = 0; i < TRIES; i++) {
        ports p = free_ports();
        char bus[16];
        snprintf(bus, sizeof bus, "%d", p.bus);
        const char *config[] = {"cluster-enabled", "yes", "cluster-port", bus, "cluster-node-timeout", "2000", NULL};
        private_server_options options = private_server_defaults;
        options.config = config;
        options.port = p.client;
        status = private_server_start(&options, ret_server, err);
        if (status) continue;
        *ret_ports = p;
        break;
    }
    return status;
}

/* One command, words by spaces; the answer must contain `expected`. */
static bool ask(const private_server *server, const char *words, const char *expected) {
    sync_client *client = NULL;
    redis_reply *reply = NULL;
    char copy[128];
    snprintf(copy, sizeof copy, "%s", words);
    char *rest = copy;
    redis_call call;
    call_command(&call, strsep(&rest, " "));
    for (char *word; (word = strsep(&rest, " "));) call_str(&call, word);
    bool good = !sync_client_open_socket(private_server_socket(server), USEC_PER_SEC, &client, NULL) &&
                !sync_client_call(client, &call, &reply, NULL) && strstr(reply_text(reply), expected);
    sync_reply_free(reply);
    sync_client_close(client);
    return good;
}

static bool introduce(private_server *const *masters, const ports *at) {
    char words[128];
    for (int i = 0; i < CLUSTER_MASTERS; i++) {
        int last = (i + 1) * SHARE < SLOTS ? (i + 1) * SHARE - 1 : SLOTS - 1;
        snprintf(words, sizeof words, "CLUSTER ADDSLOTSRANGE %d %d", i * SHARE, last);
        if (!ask(masters[i], words, "OK")) return false;
        snprintf(words, sizeof words, "CLUSTER SET-CONFIG-EPOCH %d", i + 1);
        if (!ask(masters[i], words, "OK")) return false;
    }
    for (int i = 1; i < CLUSTER_MASTERS; i++) {
        snprintf(words, sizeof words, "CLUSTER MEET 127.0.0.1 %d %d", at[i].client, at[i].bus);
        if (!ask(masters[0], words, "OK")) return false;
    }
    return true;
}

static bool agree(private_server *const *masters) {
    for (int i = 0; i < CLUSTER_MASTERS; i++)
        if (!ask(masters[i], "CLUSTER INFO", "cluster_state:ok") || !ask(masters[i], "CLUSTER INFO", "cluster_size:3"))
            return false;
    return true;
}

sched_status cluster_start(private_server *masters[CLUSTER_MASTERS], sched_error *err) {
    ports at[CLUSTER_MASTERS];
    sched_status status = SCHED_OK;
    memset(masters, 0, CLUSTER_MASTERS * sizeof *masters);
    for (int i = 0; i < CLUSTER_MASTERS && !status; i++) status = start_master(&masters[i], &at[i], err);
    if (!status && !introduce(masters, at)) status = sched_fail(err, SCHED_EIO, "the masters could not be introduced");
    for (int waited = 0; !status && !agree(masters); waited += 10) {
        if (waited >= AGREE_MSEC) status = sched_fail(err, SCHED_ETIMEDOUT, "the masters did not agree within 20 s");
        usleep(10000);
    }
    if (status) cluster_stop(masters);
    return status;
}

void cluster_stop(private_server *masters[CLUSTER_MASTERS]) {
    for (int i = 0; i < CLUSTER_MASTERS; i++) masters[i] = private_server_stop(masters[i]);
}

int cluster_master_of(int slot) {
    return slot / SHARE;
}
