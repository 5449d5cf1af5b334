/* cluster_map.c - CLUSTER SLOTS and not CLUSTER SHARDS: it tells just what is needed here, and every version of a cluster has it.
 *
 * The checksum goes through four bits at a time, with a table of sixteen words that can be read and compared by eye. */
#include "core/redis/cluster_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535 };

/* CRC-16/XMODEM: polynomial x^16 + x^12 + x^5 + 1, from 0, not reflected. */
static uint16_t crc16(const char *bytes, size_t len) {
    static const uint16_t of_nibble[16] = {0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
                                           0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef};
    unsigned crc = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned byte = (unsigned char)bytes[i];
        crc = (crc << 4 & 0xffff) ^ of_nibble[crc >> 12 ^ byte >> 4];
        crc = (crc << 4 & 0xffff) ^ of_nibble[crc >> 12 ^ (byte & 15)];
    }
    return (uint16_t)crc;
}

int cluster_slot_of(const char *key, size_t len) {
    const char *open = memchr(key, '{', len);
    if (open) {
        const char *tag = open + 1;
        const char *close = memchr(tag, '}', len - (size_t)(tag - key));
        if (close && close > tag) return crc16(tag, (size_t)(close - tag)) % CLUSTER_SLOTS;
    }
    return crc16(key, len) % CLUSTER_SLOTS;
}

bool cluster_address_same(const redis_host_port *a, const redis_host_port *b) {
    return a->port == b->port && !strcmp(a->host, b->host);
}

/* "" and "?" are how a node spells that it does not know its own name. */
static bool set_address(redis_host_port *at, const char *host, size_t len, int64_t port, const char *asked) {
    if (len == 0 || (len == 1 && *host == '?')) {
        host = asked;
        len = strlen(asked);
    }
    if (len == 0 || len > REDIS_HOST_MAX || port < 1 || port > PORT_MAX) return false;
    memcpy(at->host, host, len);
    at->host[len] = '\0';
    at->port = (int)port;
    return true;
}

/* "MOVED 3999 127.0.0.1:6381"; the host may be an IPv6 address or missing. */
static bool read_redirection(const char *text, const char *asked, int *ret_slot, redis_host_port *ret_to) {
    char *end;
    redis_host_port to;
    long slot = strtol(text, &end, 10);
    if (end == text || *end != ' ' || slot < 0 || slot >= CLUSTER_SLOTS) return false;
    const char *host = end + 1, *colon = strrchr(host, ':');
    if (!colon || !set_address(&to, host, (size_t)(colon - host), strtol(colon + 1, NULL, 10), asked)) return false;
    *ret_slot = (int)slot;
    *ret_to = to;
    return true;
}

static bool begins(const char *text, const char *word) {
    return !strncmp(text, word, strlen(word));
}

cluster_refusal cluster_refusal_of(const char *error, const char *asked, int *ret_slot, redis_host_port *ret_to) {
    if (begins(error, "MOVED "))
        return read_redirection(error + 6, asked, ret_slot, ret_to) ? CLUSTER_MOVED : CLUSTER_LATER;
    if (begins(error, "ASK "))
        return read_redirection(error + 4, asked, ret_slot, ret_to) ? CLUSTER_ASK : CLUSTER_LATER;
    if (begins(error, "TRYAGAIN ") || begins(error, "CLUSTERDOWN ") || begins(error, "LOADING ")) return CLUSTER_LATER;
    return CLUSTER_NO_REFUSAL;
}

/* ---- the map -------------------------------------------------------------------------------------------------------- */

/* Its index; -1: there are too many. */
static int node_of(cluster_map *map, const redis_host_port *at, bool is_master) {
    int i = 0;
    while (i < map->nodes && !cluster_address_same(&map->node[i], at)) i++;
    if (i == CLUSTER_NODES_MAX) return -1;
    if (i == map->nodes) {
        map->node[map->nodes++] = *at;
        map->is_master[i] = false;
    }
    if (is_master) map->is_master[i] = true;
    return i;
}

/* [first slot, last slot, [host, port, id, ...] of the master, the same of each replica ...] */
static sched_status read_range(const redis_reply *range, const char *asked, cluster_map *map, sched_error *err) {
    int64_t first = reply_int(reply_at(range, 0)), last = reply_int(reply_at(range, 1));
    if (reply_count(range) < 3 || first < 0 || first > last || last >= CLUSTER_SLOTS)
        return sched_fail(err, SCHED_EPROTO, "CLUSTER SLOTS: expected slots and their master");
    for (size_t i = 2; i < reply_count(range); i++) {
        redis_host_port at;
        const redis_reply *node = reply_at(range, i);
        const char *host = reply_text(reply_at(node, 0));
        if (!set_address(&at, host, strlen(host), reply_int(reply_at(node, 1)), asked))
            return sched_fail(err, SCHED_EPROTO, "CLUSTER SLOTS: expected host and port, got \"%.60s\"", host);
        int n = node_of(map, &at, i == 2);
        if (n < 0) return sched_fail(err, SCHED_FULL, "the cluster has more than %d nodes", CLUSTER_NODES_MAX);
        if (i > 2) continue;
        for (int64_t slot = first; slot <= last; slot++) {
            map->covered += map->master[slot] == CLUSTER_NOBODY;
            map->master[slot] = (uint8_t)n;
        }
    }
    return SCHED_OK;
}

sched_status cluster_map_read(const redis_reply *answer, const char *asked, cluster_map *ret_map, sched_error *err) {
    ret_map->nodes = ret_map->covered = 0;
    memset(ret_map->master, CLUSTER_NOBODY, sizeof ret_map->master);
    if (reply_is_error(answer)) return sched_fail(err, SCHED_EPROTO, "CLUSTER SLOTS: %s", reply_text(answer));
    if (!reply_count(answer)) return sched_fail(err, SCHED_EPROTO, "CLUSTER SLOTS: nobody has a slot");
    sched_status status = SCHED_OK;
    for (size_t i = 0; i < reply_count(answer) && !status; i++)
        status = read_range(reply_at(answer, i), asked, ret_map, err);
    return status;
}
