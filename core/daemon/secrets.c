/* secrets.c - a list that is walked to its end, whatever it holds.
 *
 * Why a fixed size for every token: a comparison that ends early, or that runs as long as the longer of two texts, tells how much of a
 * guess was right. Here each takes the same steps, and which of them matched is found only when all were looked at. */
#include "core/daemon/secrets.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/domain/ids.h"

typedef struct secret {
    unsigned char text[SECRET_MAX + 1]; /* zeros behind it */
} secret;

typedef struct token {
    secret secret;
    token_role role;
    char node[ID_MAX + 1];
} token;

struct secrets {
    token *tokens;
    int count;
    secret peer;
    bool has_peer;
};

enum { FILE_BYTES_MAX = 8 << 20 };

static const char *const role_names[ROLES] = {"node", "session", "admin"};

/* ---- comparing ------------------------------------------------------------------------------------------------------ */

static secret secret_of(const char *text) {
    secret s = {.text = {0}};
    for (size_t i = 0; i < SECRET_MAX && text[i]; i++) s.text[i] = (unsigned char)text[i];
    return s;
}

static bool same(const secret *a, const secret *b) {
    unsigned differ = 0;
    for (size_t i = 0; i < sizeof a->text; i++) differ |= (unsigned)(a->text[i] ^ b->text[i]);
    return differ == 0;
}

bool secrets_admit(const secrets *s, token_role role, const char *token_text, token_pass *ret_pass) {
    secret given = secret_of(token_text);
    const token *found = NULL;
    for (int i = 0; i < s->count; i++) {
        bool fits = same(&s->tokens[i].secret, &given) & (s->tokens[i].role == role);
        found = fits ? &s->tokens[i] : found;
    }
    bool whole = strlen(token_text) <= SECRET_MAX;
    if (found && whole && ret_pass) memcpy(ret_pass->node, found->node, sizeof ret_pass->node);
    return found && whole;
}

bool secrets_node_may(const secrets *s, const token_pass *pass, const char *node_id) {
    if (*pass->node) return !strcmp(pass->node, node_id);
    for (int i = 0; i < s->count; i++)
        if (s->tokens[i].role == ROLE_NODE && !strcmp(s->tokens[i].node, node_id)) return false;
    return true;
}

bool secrets_is_peer(const secrets *s, const char *text) {
    secret given = secret_of(text);
    return same(&given, &s->peer) && s->has_peer && strlen(text) <= SECRET_MAX;
}

const char *secrets_peer(const secrets *s) {
    return s->has_peer ? (const char *)s->peer.text : NULL;
}

int secrets_count(const secrets *s, token_role role) {
    int count = 0;
    for (int i = 0; i < s->count; i++) count += s->tokens[i].role == role;
    return count;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static sched_status check_secret(const char *what, const char *text, sched_error *err) {
    size_t len = strlen(text);
    if (len < SECRET_MIN || len > SECRET_MAX)
        return sched_fail(err, SCHED_EINVAL, "%s has %zu characters: expected %d to %d", what, len, SECRET_MIN,
                          SECRET_MAX);
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c > '~')
            return sched_fail(err, SCHED_EINVAL, "%s: character %zu is not a visible one of ASCII", what,
                              (size_t)(c - text) + 1);
    return SCHED_OK;
}

static sched_status add_token(secrets *s, const char *place, char *word[3], sched_error *err) {
    char quoted[32], what[96];
    token t = {.role = ROLE_NODE};
    while (t.role < ROLES && strcmp(word[0], role_names[t.role]) != 0) t.role++;
    if (t.role == ROLES)
        return sched_fail(err, SCHED_EINVAL, "%s: role \"%s\": expected node, session or admin", place,
                          text_one_line(quoted, sizeof quoted, word[0]));
    bool any = !strcmp(word[1], "*");
    if (!any && (t.role != ROLE_NODE || !id_valid(word[1])))
        return sched_fail(err, SCHED_EINVAL, "%s: \"%s\": expected %s", place,
                          text_one_line(quoted, sizeof quoted, word[1]), t.role == ROLE_NODE ? "a node id or *" : "*");
    snprintf(what, sizeof what, "%s: the token", place);
    sched_status status = check_secret(what, word[2], err);
    if (status) return status;
    if (s->count == TOKENS_MAX) return sched_fail(err, SCHED_FULL, "%s: more than %d tokens", place, TOKENS_MAX);
    if (!any) memcpy(t.node, word[1], strlen(word[1]) + 1);
    t.secret = secret_of(word[2]);
    for (int i = 0; i < s->count; i++)
        if (s->tokens[i].role == t.role && same(&s->tokens[i].secret, &t.secret))
            return sched_fail(err, SCHED_EINVAL, "%s: the token stands for another %s already", place, word[0]);
    s->tokens[s->count++] = t;
    return SCHED_OK;
}

static sched_status read_line(secrets *s, const char *place, char *line, sched_error *err) {
    static const char blanks[] = " \t\r";
    char *word[3], *rest = NULL;
    int words = 0;
    line[strcspn(line, "#")] = '\0';
    for (char *w = strtok_r(line, blanks, &rest); w; w = strtok_r(NULL, blanks, &rest)) {
        if (words == 3) return sched_fail(err, SCHED_EINVAL, "%s: more than ROLE ID TOKEN", place);
        word[words++] = w;
    }
    if (words == 0) return SCHED_OK;
    if (words < 3) return sched_fail(err, SCHED_EINVAL, "%s: expected ROLE ID TOKEN, separated by spaces", place);
    return add_token(s, place, word, err);
}

/* Lines of `text`, which is used up; `name` stands before their numbers in messages. */
static sched_status read_lines(secrets *s, const char *name, char *text, const char *ends, sched_error *err) {
    char place[64];
    sched_status status = SCHED_OK;
    for (int number = 1; text && !status; number++) {
        char *line = strsep(&text, ends);
        snprintf(place, sizeof place, "%s:%d", name, number);
        status = read_line(s, place, line, err);
    }
    return status;
}

static void wipe(void *block, size_t bytes) {
    if (block) explicit_bzero(block, bytes);
    free(block);
}

static sched_status read_all(FILE *file, const char *path, char **ret_text, sched_error *err) {
    char *text = mem_zalloc(1, FILE_BYTES_MAX + 1);
    size_t len = fread(text, 1, FILE_BYTES_MAX + 1, file);
    if (!ferror(file) && len <= FILE_BYTES_MAX && !memchr(text, '\0', len)) {
        *ret_text = text;
        return SCHED_OK;
    }
    const char *why = ferror(file) ? strerror(errno) : len > FILE_BYTES_MAX ? "too large" : "it is no text";
    wipe(text, FILE_BYTES_MAX + 1);
    return sched_fail(err, ferror(file) ? SCHED_EIO : SCHED_EINVAL, "%s: %s", path, why);
}

static sched_status read_file(secrets *s, const char *path, sched_error *err) {
    struct stat about;
    char *text = NULL;
    FILE *file = fopen(path, "re");
    if (!file || fstat(fileno(file), &about)) {
        sched_status status = sched_fail(err, SCHED_EIO, "%s: %s", path, strerror(errno));
        if (file) fclose(file);
        return status;
    }
    sched_status status = SCHED_OK;
    if (about.st_mode & S_IRWXO)
        status = sched_fail(err, SCHED_EINVAL, "%s: others may read or change it: chmod o= %s", path, path);
    if (!status) status = read_all(file, path, &text, err);
    if (!status) status = read_lines(s, path, text, "\n", err);
    wipe(text, FILE_BYTES_MAX + 1);
    fclose(file);
    return status;
}

static sched_status read_environment(secrets *s, const char *tokens, const char *peer, sched_error *err) {
    sched_status status = SCHED_OK;
    if (tokens && *tokens) {
        char *text = mem_strdup(tokens);
        status = read_lines(s, "LINGUAD_TOKENS", text, "\n;", err);
        wipe(text, strlen(tokens));
    }
    if (!status && peer && *peer) {
        status = check_secret("LINGUAD_PEER_SECRET", peer, err);
        s->peer = secret_of(peer);
        s->has_peer = true;
    }
    return status;
}

sched_status secrets_read(const char *file, const char *tokens_env, const char *peer_secret, secrets **ret_secrets,
                          sched_error *err) {
    secrets *s = mem_zalloc(1, sizeof *s);
    s->tokens = mem_zalloc(TOKENS_MAX, sizeof *s->tokens);
    sched_status status = *file ? read_file(s, file, err) : SCHED_OK;
    if (!status) status = read_environment(s, tokens_env, peer_secret, err);
    if (status)
        secrets_free(s);
    else
        *ret_secrets = s;
    return status;
}

secrets *secrets_free(secrets *s) {
    if (!s) return NULL;
    wipe(s->tokens, TOKENS_MAX * sizeof *s->tokens);
    wipe(s, sizeof *s);
    return NULL;
}
