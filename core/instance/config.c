/* config.c - the rows of the section `instance`. */
#include "core/instance/config.h"

#define SEC                USEC_PER_SEC
#define MSEC               USEC_PER_MSEC
#define COUNT(key, ...)    ROW_COUNT(instance_config, #key, key, __VA_ARGS__)
#define DURATION(key, ...) ROW_DURATION(instance_config, #key, key, __VA_ARGS__)

// clang-format off
const setting instance_config_rows[] = {
    DURATION(presence_ttl, SEC, 3600 * SEC, "30s", "an instance is dead so long after its last sign of life"),
    DURATION(presence_refresh, 100 * MSEC, 1200 * SEC, "10s", "between two signs of life"),
    DURATION(inbox_block, 10 * MSEC, 60 * SEC, "1s", "how long one read of the inbox waits for an entry"),
    COUNT(inbox_max, 1, 1000000, "10000", "entries of one inbox; more are refused"),
    COUNT(inbox_batch, 1, 1000, "64", "entries that are handled at once, and as many again that are delivered again"),
    DURATION(inbox_ttl, 60 * SEC, 7 * 86400 * SEC, "1h", "an inbox that nobody adopts ends so long after its instance"),
    DURATION(reclaim_idle, 100 * MSEC, 600 * SEC, "5s", "an entry that was not handled is delivered again so much later"),
    COUNT(dead_deliveries, 1, 1000, "10", "deliveries after which an entry becomes a dead letter"),
    DURATION(dead_after, SEC, 86400 * SEC, "60s", "age at which an entry that was not handled becomes a dead letter"),
    DURATION(dead_ttl, 60 * SEC, 90 * 86400 * SEC, "7d", "dead letters end so long after the last one of their instance"),
    COUNT(dead_max, 1, 1000000, "10000", "dead letters of one instance; then the oldest ones go"),
    DURATION(adopt_every, 100 * MSEC, 600 * SEC, "5s", "between two looks at the list of instances"),
    DURATION(lease_ttl, SEC, 3600 * SEC, "30s", "an adopter that is silent so long loses the inbox to another one"),
    DURATION(tombstone_ttl, 60 * SEC, 7 * 86400 * SEC, "1h", "who was taken for dead may not come back under its id so long"),
    DURATION(peer_patience, 10 * MSEC, 60 * SEC, "1s", "without a word of the other instance, the next node is asked"),
    {.name = NULL},
};
// clang-format on

static const struct {
    size_t longer, shorter;
    const char *reason;
} orders[] = {
    {offsetof(instance_config, presence_ttl), offsetof(instance_config, presence_refresh),
     "instance.presence_refresh is not below presence_ttl, so that every instance would die between two signs of life"},
    {offsetof(instance_config, presence_ttl), offsetof(instance_config, adopt_every),
     "instance.adopt_every is not below presence_ttl, so that the list of instances would take the living for dead"},
    {offsetof(instance_config, inbox_ttl), offsetof(instance_config, presence_ttl),
     "instance.inbox_ttl is not above presence_ttl, so that an inbox could end before its instance"},
    {offsetof(instance_config, tombstone_ttl), offsetof(instance_config, presence_ttl),
     "instance.tombstone_ttl is not above presence_ttl, so that an instance could come back unaware that it was "
     "buried"},
    {offsetof(instance_config, lease_ttl), offsetof(instance_config, adopt_every),
     "instance.lease_ttl is not above adopt_every, so that an adopter would lose its inbox between two looks"},
    {offsetof(instance_config, dead_after), offsetof(instance_config, reclaim_idle),
     "instance.dead_after is not above reclaim_idle, so that no entry would be delivered a second time"},
};

sched_status instance_config_check(const instance_config *config, sched_error *err) {
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        usec_t longer = *(const usec_t *)((const char *)config + orders[i].longer);
        usec_t shorter = *(const usec_t *)((const char *)config + orders[i].shorter);
        if (longer <= shorter) return sched_fail(err, SCHED_EINVAL, "%s", orders[i].reason);
    }
    return SCHED_OK;
}
