/* check_daemon_config.c - linguad.yaml: what is refused and where, and whether the shipped file says all that there is. */
#include "core/daemon/daemon_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/settings_print.h"
#include "core/base/yaml_doc.h"
#include "core/daemon/log_writer.h"
#include "tests/support/suite.h"
#include "tests/support/temp_files.h"

static const char shipped[] = "deploy/linguad.yaml";

static char folder[TEMP_PATH_MAX], path[TEMP_PATH_MAX];
static daemon_config config;
static sched_error err;

static sched_status read_text(const char *text) {
    temp_folder_make(folder);
    temp_file_write(folder, "linguad.yaml", text, path);
    sched_status status = daemon_config_read(path, &config, &err);
    temp_folder_remove(folder);
    return status;
}

static void expect_refused(const char *text, const char *place, const char *why) {
    char message[2 * SCHED_ERROR_MAX];
    ck_assert_msg(read_text(text) == SCHED_EINVAL, "taken: %s", text);
    snprintf(message, sizeof message, "%s:%s: %s", path, place, why);
    ck_assert_str_eq(err.message, message);
}

static void expect_taken(const char *text) {
    ck_assert_msg(read_text(text) == SCHED_OK, "%s", err.message);
}

/* All settings of `c`; free() it. */
static char *dump(const daemon_config *c) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    settings_dump(daemon_settings, c, out, 0);
    fclose(out);
    return text;
}

START_TEST(without_a_file_the_defaults_hold) {
    ck_assert_msg(daemon_config_read(NULL, &config, &err) == SCHED_OK, "%s", err.message);
    ck_assert_str_eq(config.listen.host, "0.0.0.0");
    ck_assert_int_eq(config.listen.port, 5010);
    ck_assert_str_eq(config.redis.url, "redis://127.0.0.1:6379");
    ck_assert_uint_eq(config.limits.message_bytes, 1 << 20);
    ck_assert_int_eq(config.log.least, LOG_INFO);
    ck_assert_int_eq(config.log.format, LOG_LOGFMT);
    ck_assert_str_eq(config.scheduler.phase, "production");
    ck_assert_msg(daemon_config_check(&config, &err) == SCHED_OK, "%s", err.message);
    char *text = dump(&config);
    daemon_config other = config;
    expect_taken("scheduler:\n");
    char *empty = dump(&config);
    ck_assert_str_eq(text, empty);
    ck_assert_ptr_null(daemon_config_fixed(&other, &config));
    free(text);
    free(empty);
}
END_TEST

START_TEST(what_is_given_is_taken) {
    expect_taken("listen: {port: 0, socket: /run/lingua.sock}\nlog: {level: warn, format: json}\n"
                 "scheduler:\n  phase: 3\n  instance: {presence_ttl: 20s}\n");
    ck_assert_int_eq(config.listen.port, 0);
    ck_assert_str_eq(config.listen.socket, "/run/lingua.sock");
    ck_assert_int_eq(config.log.least, LOG_WARN);
    ck_assert_int_eq(config.log.format, LOG_JSON);
    ck_assert_str_eq(config.scheduler.phase, "3");
    ck_assert(!config.scheduler.limit);
    ck_assert_int_eq(config.scheduler.instance.presence_ttl, 20 * USEC_PER_SEC);
}
END_TEST

START_TEST(what_is_printed_reads_back) {
    expect_taken("listen: {port: 1}\ninstance: {name: lingua-a, address: \"ws://10.0.0.1:5010/ws/peer\"}\n"
                 "limits: {idle: 5s}\nscheduler: {namespace: \"test:\", phase: 2}\n");
    char *text = dump(&config);
    expect_taken(text);
    char *again = dump(&config);
    ck_assert_str_eq(text, again);
    free(text);
    free(again);
}
END_TEST

START_TEST(what_is_wrong_is_told_with_its_place) {
    expect_refused("listen:\n  prot: 5011\n", "2:3", "unknown key \"prot\"; did you mean \"port\"?");
    expect_refused("listen:\n  port: many\n", "2:9",
                   "port: \"many\" is not a count: expected a whole number that is not negative, such as 500, 10_000, "
                   "10k or 2M");
    expect_refused("listen: 5010\n", "1:9", "listen: expected a mapping, not text");
    expect_refused("scheduler:\n  node_ttl: 0s\n", "2:13", "node_ttl: \"0s\" is out of bounds: expected 1s .. 1h");
    expect_refused("log: {level: loud}\n", "1:14", "level: \"loud\" is not one of debug, info, warn, error");
}
END_TEST

START_TEST(contradictions_are_told_with_their_reason) {
    static const struct {
        const char *text, *place, *why;
    } wrong[] = {
        {"listen: {host: \"\"}", "1:9", "listen: neither host nor socket is given"},
        {"listen: {tls_key: a.pem}", "1:9", "listen: tls_certificate and tls_key go together"},
        {"instance: {name: \"a b\"}", "1:18", "instance.name: expected up to 48 of A-Z a-z 0-9 . _ : -"},
        {"instance: {address: \"10.0.0.1:5010\"}", "1:21",
         "instance.address: expected ws://HOST:PORT/ws/peer or wss://..."},
        {"limits: {message_size: 256KiB}", "1:24",
         "limits.message_size is below scheduler.utterance_bytes in base64, so that "
         "the longest utterance would end its "
         "connection"},
        {"limits: {queue_size: 64KiB}", "1:22",
         "limits.queue_size is below limits.message_size, so that one message could be too much"},
        {"drain_limit: 2s", "1:14",
         "drain_limit is below scheduler.close_limit, so that sessions would be cut before their answers"},
        {"scheduler: {instance: {presence_ttl: 10s}}", "1:23",
         "instance.presence_refresh is not below presence_ttl, so that every instance would die between two signs of "
         "life"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_refused(wrong[i].text, wrong[i].place, wrong[i].why);
}
END_TEST

START_TEST(what_needs_a_restart_is_named) {
    daemon_config before, after;
    ck_assert_int_eq(daemon_config_read(NULL, &before, &err), SCHED_OK);
    after = before;
    after.log.least = LOG_DEBUG;
    after.limits.connections = 7;
    after.tokens.required = true;
    after.drain_limit = 60 * USEC_PER_SEC;
    ck_assert_ptr_null(daemon_config_fixed(&before, &after));
    after.scheduler.instance.lease_ttl++;
    ck_assert_str_eq(daemon_config_fixed(&before, &after), "scheduler");
    after.listen.port = 1;
    ck_assert_str_eq(daemon_config_fixed(&before, &after), "listen");
}
END_TEST

START_TEST(secrets_of_redis_come_from_the_environment) {
    redis_url url;
    ck_assert_int_eq(daemon_config_read(NULL, &config, &err), SCHED_OK);
    ck_assert_int_eq(setenv("LINGUAD_REDIS_PASSWORD", "open sesame", 1), 0);
    ck_assert_int_eq(daemon_config_redis(&config, &url, &err), SCHED_OK);
    ck_assert_str_eq(url.host, "127.0.0.1");
    ck_assert_str_eq(url.password, "open sesame");
    ck_assert_int_eq(setenv("LINGUAD_REDIS_URL", "redis://lingua:other@10.0.0.5/2", 1), 0);
    ck_assert_int_eq(daemon_config_redis(&config, &url, &err), SCHED_OK);
    ck_assert_str_eq(url.host, "10.0.0.5");
    ck_assert_str_eq(url.user, "lingua");
    ck_assert_str_eq(url.password, "other");
    ck_assert_int_eq(url.db, 2);
    ck_assert_int_eq(setenv("LINGUAD_REDIS_URL", "http://10.0.0.5", 1), 0);
    ck_assert_int_eq(daemon_config_redis(&config, &url, &err), SCHED_EINVAL);
    ck_assert_msg(!strncmp(err.message, "LINGUAD_REDIS_URL: redis URL: ", 30), "%s", err.message);
    ck_assert_int_eq(unsetenv("LINGUAD_REDIS_URL"), 0);
    snprintf(config.redis.url, sizeof config.redis.url, "http://10.0.0.5");
    ck_assert_int_eq(daemon_config_redis(&config, &url, &err), SCHED_EINVAL);
    ck_assert_msg(!strncmp(err.message, "redis.url: redis URL: ", 22), "%s", err.message);
}
END_TEST

START_TEST(the_shipped_file_says_the_defaults) {
    daemon_config defaults;
    ck_assert_int_eq(daemon_config_read(NULL, &defaults, &err), SCHED_OK);
    ck_assert_msg(daemon_config_read(shipped, &config, &err) == SCHED_OK, "%s", err.message);
    char *expected = dump(&defaults), *found = dump(&config);
    ck_assert_str_eq(found, expected);
    free(expected);
    free(found);
}
END_TEST

static void expect_keys(const yaml_value *map, const setting *rows, const char *where) {
    char below[128];
    for (const setting *row = rows; row->name; row++) {
        const yaml_value *value = yaml_get(map, row->name);
        ck_assert_msg(value != NULL, "%s says nothing of %s%s", shipped, where, row->name);
        snprintf(below, sizeof below, "%s%s.", where, row->name);
        if (row->kind == SETTING_SECTION) expect_keys(value, row->rows, below);
    }
}

START_TEST(the_shipped_file_has_every_key) {
    yaml_doc *doc = NULL;
    ck_assert_msg(yaml_doc_read(shipped, &doc, &err) == SCHED_OK, "%s", err.message);
    expect_keys(yaml_doc_root(doc), daemon_settings, "");
    yaml_doc_free(doc);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        without_a_file_the_defaults_hold,
        what_is_given_is_taken,
        what_is_printed_reads_back,
        what_is_wrong_is_told_with_its_place,
        contradictions_are_told_with_their_reason,
        what_needs_a_restart_is_named,
        secrets_of_redis_come_from_the_environment,
        the_shipped_file_says_the_defaults,
        the_shipped_file_has_every_key,
    };
    return SUITE_RUN("daemon_config", tests);
}
