/* Slots of keys, the map of a cluster, and what nodes say that have not got a key. */
#include "core/redis/cluster_map.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

#include "core/redis/keys.h"
#include "tests/support/suite.h"

static sched_error err;

static int slot_of(const char *key) {
    return cluster_slot_of(key, strlen(key));
}

/* Told by CLUSTER KEYSLOT of a server. */
START_TEST(slots_are_those_of_the_server) {
    ck_assert_int_eq(slot_of("123456789"), 0x31c3);
    ck_assert_int_eq(slot_of("foo"), 12182);
    ck_assert_int_eq(slot_of("bar"), 5061);
    ck_assert_int_eq(slot_of(""), 0);
}
END_TEST

START_TEST(only_what_stands_in_the_first_braces_counts) {
    ck_assert_int_eq(slot_of("{user1000}.following"), slot_of("user1000"));
    ck_assert_int_eq(slot_of("{user1000}.followers"), 3443);
    ck_assert_int_eq(slot_of("foo{{bar}}zap"), slot_of("{bar"));
    ck_assert_int_eq(slot_of("foo{bar}{zap}"), slot_of("bar"));
    ck_assert_int_ne(slot_of("foo{}{bar}"), slot_of("bar"));
    ck_assert_int_ne(slot_of("foo{bar"), slot_of("bar"));
}
END_TEST

START_TEST(buckets_spread_over_three_masters) {
    keyspace ks;
    redis_key key;
    int jobs[3] = {0}, nodes[3] = {0};
    keyspace_init(&ks, NULL, &err);
    for (unsigned i = 0; i < JOB_BUCKETS; i++) jobs[slot_of(key_job_deadlines(&key, &ks, i)) / 5462]++;
    for (unsigned i = 0; i < NODE_BUCKETS; i++) nodes[slot_of(key_node_expiry(&key, &ks, i)) / 5462]++;
    for (int m = 0; m < 3; m++) {
        ck_assert_msg(jobs[m] > 60 && jobs[m] < 110, "master %d has %d of 256 buckets of jobs", m, jobs[m]);
        ck_assert_msg(nodes[m] > 10 && nodes[m] < 33, "master %d has %d of 64 buckets of nodes", m, nodes[m]);
    }
}
END_TEST

/* ---- what nodes say ------------------------------------------------------------------------------------------------- */

static void expect_to(const char *error, cluster_refusal refusal, int slot, const char *host, int port) {
    int told = -1;
    redis_host_port to = {"", 0};
    ck_assert_int_eq(cluster_refusal_of(error, "10.0.0.9", &told, &to), refusal);
    ck_assert_int_eq(told, slot);
    ck_assert_str_eq(to.host, host);
    ck_assert_int_eq(to.port, port);
}

START_TEST(a_redirection_names_slot_and_node) {
    expect_to("MOVED 3999 127.0.0.1:6381", CLUSTER_MOVED, 3999, "127.0.0.1", 6381);
    expect_to("ASK 0 redis-2.example:7000", CLUSTER_ASK, 0, "redis-2.example", 7000);
    expect_to("MOVED 16383 2001:db8::1:6379", CLUSTER_MOVED, 16383, "2001:db8::1", 6379);
}
END_TEST

START_TEST(a_node_that_does_not_know_its_name_is_the_one_that_was_asked) {
    expect_to("MOVED 3999 :6381", CLUSTER_MOVED, 3999, "10.0.0.9", 6381);
    expect_to("ASK 3999 ?:6381", CLUSTER_ASK, 3999, "10.0.0.9", 6381);
}
END_TEST

START_TEST(a_redirection_that_cannot_be_read_is_to_be_tried_later) {
    static const char *const bad[] = {"MOVED ",    "MOVED x 1:1",   "MOVED 16384 a:1", "MOVED -1 a:1", "ASK 1 a",
                                      "ASK 1 a:0", "ASK 1 a:65536", "ASK 1",           "MOVED 1 a:"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) expect_to(bad[i], CLUSTER_LATER, -1, "", 0);
}
END_TEST

START_TEST(other_errors_are_no_refusals_unless_they_pass) {
    expect_to("TRYAGAIN Multiple keys request during rehashing of slot", CLUSTER_LATER, -1, "", 0);
    expect_to("CLUSTERDOWN The cluster is down", CLUSTER_LATER, -1, "", 0);
    expect_to("LOADING Redis is loading the dataset in memory", CLUSTER_LATER, -1, "", 0);
    expect_to("ERR unknown command", CLUSTER_NO_REFUSAL, -1, "", 0);
    expect_to("BADARG slots", CLUSTER_NO_REFUSAL, -1, "", 0);
    expect_to("ASKED", CLUSTER_NO_REFUSAL, -1, "", 0);
}
END_TEST

/* ---- the map -------------------------------------------------------------------------------------------------------- */

static cluster_map map;

static sched_status read_map(const char *resp) {
    void *reply = NULL;
    redisReader *reader = redisReaderCreate();
    ck_assert_int_eq(redisReaderFeed(reader, resp, strlen(resp)), REDIS_OK);
    ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
    ck_assert_ptr_nonnull(reply);
    sched_status status = cluster_map_read(reply, "10.0.0.9", &map, &err);
    freeReplyObject(reply);
    redisReaderFree(reader);
    return status;
}

#define NODE(host_len, host, port) "*3\r\n$" #host_len "\r\n" host "\r\n:" #port "\r\n$2\r\nid\r\n"

START_TEST(a_map_names_masters_and_replicas_of_ranges) {
    ck_assert_int_eq(read_map(
                         "*3\r\n"
                         "*4\r\n:0\r\n:99\r\n" NODE(3, "h-1", 7000)
                             NODE(3, "h-2",
                                  7001) "*3\r\n:100\r\n:100\r\n" NODE(3, "h-2",
                                                                      7000) "*3\r\n:200\r\n:16383\r\n" NODE(3, "h-1",
                                                                                                            7000)),
                     SCHED_OK);
    ck_assert_int_eq(map.nodes, 3);
    ck_assert_int_eq(map.covered, 16384 - 99);
    ck_assert_str_eq(map.node[map.master[0]].host, "h-1");
    ck_assert_int_eq(map.master[99], map.master[0]);
    ck_assert_str_eq(map.node[map.master[100]].host, "h-2");
    ck_assert_int_eq(map.master[101], CLUSTER_NOBODY);
    ck_assert_int_eq(map.master[16383], map.master[0]);
    ck_assert(map.is_master[map.master[0]] && map.is_master[map.master[100]]);
    ck_assert(!map.is_master[1]);
    ck_assert_int_eq(map.node[1].port, 7001);
}
END_TEST

START_TEST(a_host_that_is_not_told_is_the_one_that_was_asked) {
    ck_assert_int_eq(read_map("*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$-1\r\n:7000\r\n$2\r\nid\r\n"), SCHED_OK);
    ck_assert_str_eq(map.node[0].host, "10.0.0.9");
}
END_TEST

START_TEST(what_is_no_map_is_told) {
    ck_assert_int_eq(read_map("-ERR This instance has cluster support disabled\r\n"), SCHED_EPROTO);
    ck_assert_str_eq(err.message, "CLUSTER SLOTS: ERR This instance has cluster support disabled");
    ck_assert_int_eq(read_map("*0\r\n"), SCHED_EPROTO);
    ck_assert_str_eq(err.message, "CLUSTER SLOTS: nobody has a slot");
    ck_assert_int_eq(read_map("*1\r\n*3\r\n:5\r\n:4\r\n" NODE(1, "h", 1)), SCHED_EPROTO);
    ck_assert_int_eq(read_map("*1\r\n*3\r\n:0\r\n:16384\r\n" NODE(1, "h", 1)), SCHED_EPROTO);
    ck_assert_int_eq(read_map("*1\r\n*2\r\n:0\r\n:1\r\n"), SCHED_EPROTO);
    ck_assert_int_eq(read_map("*1\r\n*3\r\n:0\r\n:1\r\n" NODE(1, "h", 0)), SCHED_EPROTO);
    ck_assert_int_eq(read_map("+OK\r\n"), SCHED_EPROTO);
}
END_TEST

START_TEST(more_nodes_than_there_is_room_for_are_told) {
    char text[8192];
    int used = snprintf(text, sizeof text, "*65\r\n");
    for (int i = 0; i < 65; i++)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "*3\r\n:%d\r\n:%d\r\n*3\r\n$1\r\nh\r\n:%d\r\n$2\r\nid\r\n", i, i, 1 + i);
    ck_assert_int_eq(read_map(text), SCHED_FULL);
    ck_assert_str_eq(err.message, "the cluster has more than 64 nodes");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        slots_are_those_of_the_server,
        only_what_stands_in_the_first_braces_counts,
        buckets_spread_over_three_masters,
        a_redirection_names_slot_and_node,
        a_node_that_does_not_know_its_name_is_the_one_that_was_asked,
        a_redirection_that_cannot_be_read_is_to_be_tried_later,
        other_errors_are_no_refusals_unless_they_pass,
        a_map_names_masters_and_replicas_of_ranges,
        a_host_that_is_not_told_is_the_one_that_was_asked,
        what_is_no_map_is_told,
        more_nodes_than_there_is_room_for_are_told,
    };
    return SUITE_RUN("cluster_map", tests);
}
