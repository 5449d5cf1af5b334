/* check_secrets.c - who may come in, and what is said when a list of tokens is wrong. */
#include "core/daemon/secrets.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/suite.h"
#include "tests/support/temp_files.h"

#define GPU7    "token-of-gpu-7-aaaa"
#define ANY     "token-of-any-node-b"
#define SPEAKER "token-of-speakers-c"
#define READER  "token-of-readers-dd"
#define PEERS   "secret-of-the-peers"

static const char lines[] = "node gpu-7 " GPU7 ";node * " ANY "; session  *\t" SPEAKER " # clients\n\nadmin * " READER;

static sched_error err;

static secrets *read_tokens(const char *tokens) {
    secrets *s = NULL;
    ck_assert_msg(secrets_read("", tokens, PEERS, &s, &err) == SCHED_OK, "%s", err.message);
    return s;
}

static void expect_refused(const char *tokens, const char *why) {
    secrets *s = NULL;
    ck_assert_int_eq(secrets_read("", tokens, NULL, &s, &err), SCHED_EINVAL);
    ck_assert_ptr_null(s);
    ck_assert_str_eq(err.message, why);
}

START_TEST(a_token_opens_the_doors_of_its_role) {
    static const char *const tokens[] = {ANY, SPEAKER, READER, PEERS, "", "unknown-unknown-unknown"};
    static const token_role opens[] = {ROLE_NODE, ROLE_SESSION, ROLE_ADMIN, ROLES, ROLES, ROLES};
    secrets *s = read_tokens(lines);
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        for (token_role role = ROLE_NODE; role < ROLES; role++) {
            token_pass pass = {.node = "x"};
            ck_assert_msg(secrets_admit(s, role, tokens[i], &pass) == (role == opens[i]), "token %zu role %d", i, role);
        }
    }
    ck_assert_int_eq(secrets_count(s, ROLE_NODE), 2);
    ck_assert_int_eq(secrets_count(s, ROLE_SESSION), 1);
    secrets_free(s);
}
END_TEST

START_TEST(a_node_id_belongs_to_its_token) {
    secrets *s = read_tokens(lines);
    token_pass bound, any, none = {.node = ""};
    ck_assert(secrets_admit(s, ROLE_NODE, GPU7, &bound));
    ck_assert(secrets_admit(s, ROLE_NODE, ANY, &any));
    ck_assert_str_eq(bound.node, "gpu-7");
    ck_assert_str_eq(any.node, "");
    ck_assert(secrets_node_may(s, &bound, "gpu-7"));
    ck_assert(!secrets_node_may(s, &bound, "gpu-8"));
    ck_assert(secrets_node_may(s, &any, "gpu-8"));
    ck_assert(!secrets_node_may(s, &any, "gpu-7"));
    ck_assert(!secrets_node_may(s, &none, "gpu-7"));
    secrets_free(s);
}
END_TEST

START_TEST(no_part_of_a_token_is_enough) {
    secrets *s = read_tokens(lines);
    char part[sizeof ANY] = "", longer[300];
    for (size_t len = 0; len < sizeof ANY - 1; len++) {
        ck_assert_msg(!secrets_admit(s, ROLE_NODE, part, NULL), "%zu characters", len);
        part[len] = ANY[len];
    }
    memset(longer, 'x', sizeof longer);
    memcpy(longer, ANY, sizeof ANY - 1);
    longer[sizeof longer - 1] = '\0';
    ck_assert(!secrets_admit(s, ROLE_NODE, longer, NULL));
    ck_assert(!secrets_admit(s, ROLE_NODE, "Token-of-any-node-b", NULL));
    secrets_free(s);
}
END_TEST

START_TEST(what_begins_with_the_longest_token_is_not_that_token) {
    char text[SECRET_MAX + 32], token[SECRET_MAX + 2];
    memset(token, 't', sizeof token);
    token[SECRET_MAX] = '\0';
    snprintf(text, sizeof text, "session * %s", token);
    secrets *s = read_tokens(text);
    ck_assert(secrets_admit(s, ROLE_SESSION, token, NULL));
    token[SECRET_MAX] = 't';
    token[SECRET_MAX + 1] = '\0';
    ck_assert(!secrets_admit(s, ROLE_SESSION, token, NULL));
    secrets_free(s);
}
END_TEST

START_TEST(peers_know_one_secret) {
    secrets *s = read_tokens(NULL);
    ck_assert(secrets_is_peer(s, PEERS));
    ck_assert(!secrets_is_peer(s, ""));
    ck_assert(!secrets_is_peer(s, PEERS "x"));
    ck_assert_str_eq(secrets_peer(s), PEERS);
    secrets_free(s);
    ck_assert_int_eq(secrets_read("", NULL, NULL, &s, &err), SCHED_OK);
    ck_assert(!secrets_is_peer(s, ""));
    ck_assert_ptr_null(secrets_peer(s));
    secrets_free(s);
    ck_assert_int_eq(secrets_read("", NULL, "short", &s, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "LINGUAD_PEER_SECRET has 5 characters: expected 16 to 255");
}
END_TEST

START_TEST(a_wrong_line_is_named_and_its_token_is_not) {
    expect_refused("node * " ANY "; nodes * " GPU7,
                   "LINGUAD_TOKENS:2: role \"nodes\": expected node, session or admin");
    expect_refused("session s-1 " SPEAKER, "LINGUAD_TOKENS:1: \"s-1\": expected *");
    expect_refused("node gpu/7 " GPU7, "LINGUAD_TOKENS:1: \"gpu/7\": expected a node id or *");
    expect_refused("node *", "LINGUAD_TOKENS:1: expected ROLE ID TOKEN, separated by spaces");
    expect_refused("node * " ANY " more", "LINGUAD_TOKENS:1: more than ROLE ID TOKEN");
    expect_refused("node * tooshort", "LINGUAD_TOKENS:1: the token has 8 characters: expected 16 to 255");
    expect_refused("node * token-with-\xC3\xA4-in-it",
                   "LINGUAD_TOKENS:1: the token: character 12 is not a visible one of ASCII");
    expect_refused("node a " ANY "\nnode b " ANY, "LINGUAD_TOKENS:2: the token stands for another node already");
}
END_TEST

START_TEST(a_file_that_others_may_read_is_refused) {
    char folder[TEMP_PATH_MAX], path[TEMP_PATH_MAX], why[2 * TEMP_PATH_MAX + 64];
    secrets *s = NULL;
    temp_folder_make(folder);
    temp_file_write(folder, "tokens", "# who may come in\nnode gpu-7 " GPU7 "\n", path);
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_int_eq(secrets_read(path, NULL, NULL, &s, &err), SCHED_EINVAL);
    snprintf(why, sizeof why, "%s: others may read or change it: chmod o= %s", path, path);
    ck_assert_str_eq(err.message, why);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_msg(secrets_read(path, "session * " SPEAKER, NULL, &s, &err) == SCHED_OK, "%s", err.message);
    ck_assert(secrets_admit(s, ROLE_NODE, GPU7, NULL));
    ck_assert(secrets_admit(s, ROLE_SESSION, SPEAKER, NULL));
    secrets_free(s);
    temp_folder_remove(folder);
    ck_assert_int_eq(secrets_read(path, NULL, NULL, &s, &err), SCHED_EIO);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_token_opens_the_doors_of_its_role,
        a_node_id_belongs_to_its_token,
        no_part_of_a_token_is_enough,
        what_begins_with_the_longest_token_is_not_that_token,
        peers_know_one_secret,
        a_wrong_line_is_named_and_its_token_is_not,
        a_file_that_others_may_read_is_refused,
    };
    return SUITE_RUN("secrets", tests);
}
