/* api_read.c - reads of the whole system, in threads.
 *
 * A read is one document: its requests wait in a list, its thread asks Redis over a connection that is its own meanwhile, makes the
 * text, and the loop answers. Connections that went well are kept for the next read; one that Redis has closed since is found out by
 * the first question, and the read begins again over a new one.
 *
 * A read may outlive the api: it has its own copies of where and what, and then nobody to tell. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/mem.h"
#include "core/daemon/api_internal.h"
#include "core/redis/sync_client.h"

enum { KEY_MAX_BYTES = 512 };

static const usec_t patience = 2 * USEC_PER_SEC;

typedef struct waiting {
    server_request *request;
    struct waiting *next;
} waiting;

typedef struct read_work {
    uv_work_t work;
    api_reads *reads; /* NULL: they have ended */
    char key[KEY_MAX_BYTES];
    redis_url url;
    keyspace keys;
    read_document *read;
    read_args args;
    sync_client *client; /* NULL: to be opened */
    waiting *waiting;
    void (*told)(void *ctx, const survey *found);
    void *ctx;
    int status; /* of HTTP */
    frame *body;
    survey found;
    struct read_work *next, *prev;
} read_work;

struct api_reads {
    const api_env *env;
    read_work *works;
    int count;
    sync_client *idle[API_READS_MAX];
    int idle_count;
};

api_reads *api_reads_new(const api_env *env) {
    api_reads *reads = mem_zalloc(1, sizeof *reads);
    reads->env = env;
    return reads;
}

static void answer_all(read_work *w, int status, const frame *body) {
    for (waiting *one = w->waiting, *next; one; one = next) {
        next = one->next;
        server_answer(one->request, status, api_json_type, frame_ref((frame *)body));
        free(one);
    }
    w->waiting = NULL;
}

api_reads *api_reads_free(api_reads *reads) {
    if (!reads) return NULL;
    frame *leaving = api_error_frame(503, "this instance is leaving");
    read_work *w, *next;
    DL_FOREACH_SAFE(reads->works, w, next) {
        answer_all(w, 503, leaving);
        w->reads = NULL;
        w->next = w->prev = NULL;
    }
    frame_unref(leaving);
    while (reads->idle_count) sync_client_close(reads->idle[--reads->idle_count]);
    free(reads);
    return NULL;
}

/* ---- in the thread -------------------------------------------------------------------------------------------------- */

static void fail(read_work *w, int status, const char *message) {
    w->status = status;
    w->body = api_error_frame(status, message);
}

/* False: the connection was of no use. */
static bool read_once(read_work *w, sched_error *err) {
    sched_error why = {.message = ""};
    asker ask = {.client = w->client, .err = err};
    if (!w->client) ask.status = sync_client_find(&w->url, patience, &w->client, err);
    ask.client = w->client;
    w->found = (survey){.at = 0};
    json_t *document = ask.status ? NULL : w->read(&ask, &w->keys, &w->args, &w->found, &why);
    if (document) {
        w->status = 200;
        w->body = api_json_frame(document);
    } else if (!ask.status) {
        fail(w, 404, why.message);
    }
    return !ask.status;
}

static void work(uv_work_t *handle) {
    read_work *w = handle->data;
    sched_error err = {.message = ""};
    bool used = w->client != NULL;
    bool well = read_once(w, &err);
    if (!well) w->client = sync_client_close(w->client);
    if (!well && used) {
        well = read_once(w, &err);
        if (!well) w->client = sync_client_close(w->client);
    }
    if (!well) fail(w, 503, err.message);
}

/* ---- on the loop ---------------------------------------------------------------------------------------------------- */

static void on_done(uv_work_t *handle, int status) {
    read_work *w = handle->data;
    api_reads *reads = w->reads;
    (void)status; /* nothing is cancelled */
    if (reads) {
        DL_DELETE(reads->works, w);
        reads->count--;
        if (w->client && reads->idle_count < API_READS_MAX) {
            reads->idle[reads->idle_count++] = w->client;
            w->client = NULL;
        }
        answer_all(w, w->status, w->body);
        if (w->told) w->told(w->ctx, w->status == 200 ? &w->found : NULL);
    }
    sync_client_close(w->client);
    frame_unref(w->body);
    free(w);
}

static read_work *find(const api_reads *reads, const char *key) {
    read_work *w;
    DL_FOREACH(reads->works, w) if (!strcmp(w->key, key)) return w;
    return NULL;
}

static read_work *begin(api_reads *reads, const char *key, read_document *read, const read_args *args) {
    read_work *w = mem_zalloc(1, sizeof *w);
    w->work.data = w;
    w->reads = reads;
    snprintf(w->key, sizeof w->key, "%s", key);
    w->url = *reads->env->redis;
    w->keys = *reads->env->keys;
    w->read = read;
    w->args = *args;
    if (reads->idle_count) w->client = reads->idle[--reads->idle_count];
    DL_APPEND(reads->works, w);
    reads->count++;
    uv_queue_work(reads->env->loop, &w->work, work, on_done);
    return w;
}

void api_read(api_reads *reads, const char *key, read_document *read, const read_args *args, server_request *request,
              void (*told)(void *ctx, const survey *found), void *ctx) {
    read_work *w = strlen(key) < KEY_MAX_BYTES ? find(reads, key) : NULL;
    if (!w && reads->count == API_READS_MAX) {
        if (request) api_answer_error(request, 503, "%d reads are under way, which is the most", API_READS_MAX);
        if (told) told(ctx, NULL);
        return;
    }
    if (!w) w = begin(reads, key, read, args);
    if (told) {
        w->told = told;
        w->ctx = ctx;
    }
    if (!request) return;
    waiting *one = mem_alloc(sizeof *one);
    *one = (waiting){.request = request, .next = w->waiting};
    w->waiting = one;
}
