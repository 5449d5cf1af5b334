/* server_watch.c - a line of MONITOR is  +1700000000.123456 [0 lua] "ZADD" "key" "1700000020123" "j1 1" : split at the quotes, since
 * no text of these tests has one inside. */
#include "tests/support/server_watch.h"

#include "core/base/mem.h"
#include "core/domain/job.h"
#include "core/redis/keys.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FAREWELL "that is all"

enum { JOBS_MAX = 64, NODES_MAX = 16, HELD_MAX = 256, WORDS_MAX = 32, LINE_MAX = 2048, WRONG_MAX = 512 };

typedef struct seen_job {
    char key[KEY_MAX];
    job_state state;
    int64_t attempt;
} seen_job;

typedef struct seen_node {
    char key[KEY_MAX];
    int count;
    struct {
        char member[ID_MAX + 24];
        double expiry;
    } held[HELD_MAX];
} seen_node;

struct server_watch {
    FILE *lines; /* a client library waits for answers to questions; here come lines that nobody asked for */
    int64_t slots, steps;
    int jobs, nodes;
    seen_job job[JOBS_MAX];
    seen_node node[NODES_MAX];
    char wrong[WRONG_MAX];
};

typedef struct command {
    double now; /* ms */
    int words;
    char *word[WORDS_MAX];
} command;

static FILE *monitor(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 30};
    char first[16];
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) || write(fd, "MONITOR\r\n", 9) != 9)
        ck_abort_msg("%s: %s", path, strerror(errno));
    FILE *lines = fdopen(fd, "r");
    if (!lines || !fgets(first, sizeof first, lines) || strcmp(first, "+OK\r\n") != 0)
        ck_abort_msg("%s: no answer to MONITOR", path);
    return lines;
}

server_watch *server_watch_open(const private_server *server, int64_t slots) {
    server_watch *w = mem_zalloc(1, sizeof *w);
    w->slots = slots;
    w->lines = monitor(private_server_socket(server));
    return w;
}

server_watch *server_watch_close(server_watch *w) {
    if (w) fclose(w->lines);
    free(w);
    return NULL;
}

int64_t server_watch_steps(const server_watch *w) {
    return w->steps;
}

void server_watch_leave(sync_client *client) {
    redis_call call;
    redis_reply *reply = NULL;
    call_command(&call, "ECHO");
    call_str(&call, FAREWELL);
    if (sync_client_call(client, &call, &reply, NULL) == SCHED_OK) sync_reply_free(reply);
}

/* ---- one command ---------------------------------------------------------------------------------------------------- */

static command split(char *line) {
    command c = {.now = floor(strtod(line + 1, NULL) * 1000)};
    for (char *quote = strchr(line, '"'); quote && c.words < WORDS_MAX; quote = strchr(quote, '"')) {
        char *end = strchr(quote + 1, '"');
        if (!end) break;
        *end = '\0';
        c.word[c.words++] = quote + 1;
        quote = end + 1;
    }
    return c;
}

/* The value behind a field of HSET; NULL when it is not among them. */
static const char *value_of(const command *c, const char *field) {
    for (int i = 2; i + 1 < c->words; i += 2)
        if (!strcmp(c->word[i], field)) return c->word[i + 1];
    return NULL;
}

static seen_job *job_of(server_watch *w, const char *key) {
    for (int i = 0; i < w->jobs; i++)
        if (!strcmp(w->job[i].key, key)) return &w->job[i];
    ck_assert_int_lt(w->jobs, JOBS_MAX);
    seen_job *j = &w->job[w->jobs++];
    snprintf(j->key, sizeof j->key, "%s", key);
    j->state = JOB_RELEASED; /* what is not there may be created, as what has gone */
    return j;
}

static seen_node *node_of(server_watch *w, const char *key) {
    for (int i = 0; i < w->nodes; i++)
        if (!strcmp(w->node[i].key, key)) return &w->node[i];
    ck_assert_int_lt(w->nodes, NODES_MAX);
    seen_node *n = &w->node[w->nodes++];
    snprintf(n->key, sizeof n->key, "%s", key);
    return n;
}

static void complain(server_watch *w, const char *about, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void complain(server_watch *w, const char *about, const char *format, ...) {
    if (w->wrong[0]) return;
    char what[WRONG_MAX / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    snprintf(w->wrong, sizeof w->wrong, "%.200s: %s", about, what);
}

/* ---- jobs ----------------------------------------------------------------------------------------------------------- */

static bool may_follow(const seen_job *j, job_state to, int64_t attempt, bool made, bool finishes) {
    if (made) return to == JOB_CREATED && j->state >= JOB_FINISHED;
    if (to == JOB_CREATED) return job_may(j->state, to) && attempt > j->attempt;
    if (attempt != j->attempt) return false;
    if (to == JOB_RELEASED && finishes) return job_may(j->state, JOB_FINISHED);
    return job_may(j->state, to);
}

static void on_job(server_watch *w, const command *c) {
    const char *name = value_of(c, "state"), *number = value_of(c, "attempt");
    seen_job *j = job_of(w, c->word[1]);
    job_state to = j->state;
    int64_t attempt = number ? strtoll(number, NULL, 10) : j->attempt;
    if (!name && !number) return;
    w->steps++;
    bool known = name && job_state_parse(name, &to);
    if (!known || !may_follow(j, to, attempt, value_of(c, "made"), value_of(c, "outcome")))
        complain(w, j->key, "from %s, attempt %" PRId64 ", to %s, attempt %" PRId64, job_state_name(j->state),
                 j->attempt, name ? name : "(no state)", attempt);
    j->state = to;
    j->attempt = attempt;
}

/* ---- reservations --------------------------------------------------------------------------------------------------- */

static void drop(seen_node *n, int i) {
    n->held[i] = n->held[--n->count];
}

static void on_reserved(server_watch *w, const command *c) {
    seen_node *n = node_of(w, c->word[1]);
    for (int i = n->count - 1; i >= 0; i--)
        if (n->held[i].expiry <= c->now || !strcmp(n->held[i].member, c->word[3])) drop(n, i);
    ck_assert_int_lt(n->count, HELD_MAX);
    n->held[n->count].expiry = strtod(c->word[2], NULL);
    snprintf(n->held[n->count++].member, sizeof n->held->member, "%s", c->word[3]);
    if (n->count > w->slots)
        complain(w, n->key, "%d reservations at %.0f, slots %" PRId64 ", the last of \"%s\"", n->count, c->now,
                 w->slots, c->word[3]);
}

static void on_removed(server_watch *w, const command *c) {
    seen_node *n = node_of(w, c->word[1]);
    for (int i = n->count - 1; i >= 0; i--)
        if (!strcmp(n->held[i].member, c->word[2])) drop(n, i);
}

static void on_command(server_watch *w, const command *c) {
    if (c->words < 3) return;
    const char *name = c->word[0], *key = c->word[1];
    if (!strcmp(name, "HSET") && strstr(key, ":job:")) on_job(w, c);
    if (!strcmp(name, "ZADD") && strstr(key, ":resv:") && c->words >= 4) on_reserved(w, c);
    if (!strcmp(name, "ZREM") && strstr(key, ":resv:")) on_removed(w, c);
    if (!strcmp(name, "DEL"))
        for (int i = 1; i < c->words; i++)
            if (strstr(c->word[i], ":resv:")) node_of(w, c->word[i])->count = 0;
}

const char *server_watch_read(server_watch *w, int clients) {
    char line[LINE_MAX];
    while (clients > 0) {
        if (!fgets(line, sizeof line, w->lines)) ck_abort_msg("MONITOR: no line for so long: %s", strerror(errno));
        command c = split(line);
        if (c.words == 2 && !strcmp(c.word[1], FAREWELL)) clients--;
        on_command(w, &c);
    }
    return w->wrong;
}
