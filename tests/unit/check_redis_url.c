/* redis_url: what is understood, what is refused and how, and that no message tells a password. */
#include "core/redis/redis_url.h"

#include <check.h>
#include <string.h>

#include "tests/support/suite.h"

static sched_error err;

START_TEST(each_form_is_understood) {
    static const struct {
        const char *text, *socket, *host, *user, *password, *where;
        int port, db;
    } rows[] = {
        {"redis://h", "", "h", "", "", "h:6379", 6379, 0},
        {"redis://h/", "", "h", "", "", "h:6379", 6379, 0},
        {"redis://h:7000/3", "", "h", "", "", "h:7000/3", 7000, 3},
        {"redis://[::1]:7000", "", "::1", "", "", "[::1]:7000", 7000, 0},
        {"redis://[::1]/2", "", "::1", "", "", "[::1]:6379/2", 6379, 2},
        {"redis://:pw@h", "", "h", "", "pw", "h:6379", 6379, 0},
        {"redis://me:p%40w%2F:x@h:1/0", "", "h", "me", "p@w/:x", "h:1", 1, 0},
        {"redis://me:p@w@h", "", "h", "me", "p@w", "h:6379", 6379, 0},
        {"redis://me@h", "", "h", "me", "", "h:6379", 6379, 0},
        {"unix:///run/redis.sock", "/run/redis.sock", "", "", "", "/run/redis.sock", 0, 0},
        {"unix://me:pw@/run/a@b.sock?db=2", "/run/a@b.sock", "", "me", "pw", "/run/a@b.sock?db=2", 0, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        redis_url url;
        char where[REDIS_WHERE_MAX];
        ck_assert_msg(!redis_url_parse(rows[i].text, &url, &err), "%s: %s", rows[i].text, err.message);
        ck_assert_str_eq(url.socket, rows[i].socket);
        ck_assert_str_eq(url.host, rows[i].host);
        ck_assert_str_eq(url.user, rows[i].user);
        ck_assert_str_eq(url.password, rows[i].password);
        ck_assert_int_eq(url.port, rows[i].port);
        ck_assert_int_eq(url.db, rows[i].db);
        ck_assert_str_eq(redis_url_where(&url, where), rows[i].where);
    }
}
END_TEST

START_TEST(a_cluster_is_named_by_any_of_its_nodes) {
    redis_url url;
    ck_assert_int_eq(redis_url_parse("redis+cluster://me:a,b@h1:7000,[::1]:7001,h3", &url, &err), SCHED_OK);
    ck_assert(url.cluster);
    ck_assert_str_eq(url.password, "a,b");
    ck_assert_str_eq(url.host, "h1");
    ck_assert_int_eq(url.port, 7000);
    ck_assert_int_eq(url.others, 2);
    ck_assert_str_eq(url.other[0].host, "::1");
    ck_assert_int_eq(url.other[0].port, 7001);
    ck_assert_str_eq(url.other[1].host, "h3");
    ck_assert_int_eq(url.other[1].port, 6379);
    ck_assert_int_eq(redis_url_parse("redis+cluster://h/0", &url, &err), SCHED_OK);
    ck_assert_int_eq(url.others, 0);
    ck_assert_int_eq(redis_url_parse("redis://h", &url, &err), SCHED_OK);
    ck_assert(!url.cluster);
}
END_TEST

START_TEST(what_is_wrong_is_said_and_never_the_secret) {
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"SECRET@h", "redis URL: expected redis://, redis+cluster:// or unix:// at its beginning"},
        {"redis://", "redis URL: the host is missing"},
        {"redis://me:SECRET@", "redis URL: the host is missing"},
        {"redis://me:SECRET", "redis URL: port: expected 1 to 65535"},
        {"redis://h:0", "redis URL: port: expected 1 to 65535"},
        {"redis://h:65536", "redis URL: port: expected 1 to 65535"},
        {"redis://h:", "redis URL: port: expected 1 to 65535"},
        {"redis://[::1", "redis URL: host: expected a ']' behind the '['"},
        {"redis://[::1]7", "redis URL: host: expected ':' and a port behind the ']'"},
        {"redis://h/x", "redis URL: database \"x\": expected a number, 0 to 1000000"},
        {"redis://h/1000001", "redis URL: database \"1000001\": expected a number, 0 to 1000000"},
        {"redis://h1,h2:SECRET", "redis URL: port: expected 1 to 65535"},
        {"redis+cluster://h/1", "redis URL: database 1: a cluster has none but 0"},
        {"redis+cluster://h,", "redis URL: the host is missing"},
        {"redis+cluster://:SECRET@h,,i", "redis URL: the host is missing"},
        {"redis+cluster://h,i:SECRET", "redis URL: port: expected 1 to 65535"},
        {"redis+cluster://1,2,3,4,5,6,7,8,9", "redis URL: expected at most 8 nodes of a cluster"},
        {"redis://me:SEC/RET@h", "redis URL: expected '/' in user or password as %2F"},
        {"redis://me:SECRET%@h", "redis URL: password: expected at most 255 bytes, '%' as %25"},
        {"redis://me%00:SECRET@h", "redis URL: user name: expected at most 255 bytes, '%' as %25"},
        {"unix://SECRET", "redis URL: expected unix:// and an absolute path"},
        {"unix://h/x", "redis URL: expected unix:// and an absolute path"},
        {"unix:///x?base=1", "redis URL: \"?base=1\": expected \"?db=\" and a number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        redis_url url;
        ck_assert_int_eq(redis_url_parse(rows[i].text, &url, &err), SCHED_EINVAL);
        ck_assert_str_eq(err.message, rows[i].message);
        ck_assert_ptr_null(strstr(err.message, "SEC"));
    }
}
END_TEST

START_TEST(what_is_too_long_is_refused) {
    static const char *const heads[] = {"redis://", "redis://:", "redis://h:1", "unix:///"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        char text[1024] = "";
        strcat(text, heads[i]);
        size_t len = strlen(text);
        memset(text + len, '1', 300);
        strcpy(text + len + 300, i == 1 ? "@h" : "");
        redis_url url;
        ck_assert_msg(redis_url_parse(text, &url, &err) == SCHED_EINVAL, "%s...: was accepted", heads[i]);
    }
}
END_TEST

START_TEST(tls_is_refused_with_its_reason) {
    redis_url url;
    ck_assert_int_eq(redis_url_parse("rediss://me:SECRET@h", &url, &err), SCHED_EINVAL);
    ck_assert_ptr_nonnull(strstr(err.message, "TLS"));
    ck_assert_ptr_null(strstr(err.message, "SECRET"));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        each_form_is_understood,     a_cluster_is_named_by_any_of_its_nodes, what_is_wrong_is_said_and_never_the_secret,
        what_is_too_long_is_refused, tls_is_refused_with_its_reason,
    };
    return SUITE_RUN("redis_url", tests);
}
