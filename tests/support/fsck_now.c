/* fsck_now.c - see the header. */
#include "tests/support/fsck_now.h"

#include <check.h>

#include "core/ctl/fsck.h"
#include "tests/support/hand_world.h"

static void expect(bool empty) {
    sync_client *client;
    fsck_report report;
    virtual_redis_settle(redis);
    sched_status status = sync_client_open_socket(virtual_redis_socket(redis), 5 * second, &client, &err);
    ck_assert_msg(!status, "%s", err.message);
    status =
        empty ? fsck_expect_empty(client, &config.keys, &report, &err) : fsck_run(client, &config.keys, &report, &err);
    sync_client_close(client);
    ck_assert_msg(!status, "%s", err.message);
    ck_assert_msg(report.findings == 0, "%lld findings, the first: %s", (long long)report.findings, report.text[0]);
}

void expect_consistent(void) {
    expect(false);
}

void expect_empty_in_the_end(void) {
    for (conn_token conn = 1; conn < SESSION; conn++) scheduler_node_gone(s, conn);
    scheduler_session_gone(s, SESSION);
    pass(config.node_ttl + config.reap_round);
    scheduler_stop(s);
    pass(config.finished_ttl > config.affinity_ttl ? config.finished_ttl : config.affinity_ttl);
    virtual_redis_expire_all(redis, &err);
    expect(true);
}
