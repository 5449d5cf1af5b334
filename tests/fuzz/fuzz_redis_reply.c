/* fuzz_redis_reply.c - whatever a server answers, reading the answer stays within it. */
#include <hiredis/hiredis.h>
#include <string.h>

#include "core/redis/cluster_map.h"
#include "core/redis/reply.h"
#include "tests/fuzz/fuzz.h"

static void read_all(const redis_reply *reply) {
    static cluster_map map;
    sched_error err;
    redis_host_port to;
    int slot;
    FUZZ_ASSERT(reply_text(reply));
    reply_says(reply, "OK");
    if (reply_is_error(reply)) cluster_refusal_of(reply_text(reply), "asked", &slot, &to);
    if (cluster_map_read(reply, "asked", &map, &err)) return;
    FUZZ_ASSERT(map.nodes >= 0 && map.nodes <= CLUSTER_NODES_MAX);
    for (int i = 0; i < CLUSTER_SLOTS; i++) FUZZ_ASSERT(map.master[i] == CLUSTER_NOBODY || map.master[i] < map.nodes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;
    redisReaderFeed(reader, (const char *)data, size);
    while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply) {
        read_all(reply);
        freeReplyObject(reply);
        reply = NULL;
    }
    redisReaderFree(reader);
    return 0;
}
