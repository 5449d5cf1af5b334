/* api_internal.h - the HTTP side, as api*.c share it; nobody else includes it.
 *
 *     api.c            routes, tokens, answers; what is answered at once
 *     api_read.c       reads in threads: who waits for which, connections
 *     api_documents.c  which path reads which document of core/view, with which parameters
 *     api_stats.c      /api/v1/stats: this instance, its last minutes, its alarms
 *     api_alarms.c     the rules of the alarms
 *     api_history.c    the last minutes, a point every few seconds
 *     api_simulate.c   the dry run of a placement */
#ifndef CORE_DAEMON_API_INTERNAL_H
#define CORE_DAEMON_API_INTERNAL_H

#include "core/daemon/api.h"
#include "core/daemon/api_alarms.h"
#include "core/daemon/api_history.h"
#include "core/view/asker.h"
#include "core/view/view.h"

#include <jansson.h>
#include <uv.h>

/* A question to the scheduler that is not answered yet: its request, and what it was about. */
typedef struct api_ask {
    api *a;
    server_request *request;
    lang_pair pair;
    char excluded[ID_MAX + 1];
    bool history;
    struct api_ask *next, *prev;
} api_ask;

typedef struct api_reads api_reads;

struct api {
    api_env env;
    server_route *routes;
    uv_timer_t *tick; /* every second; freed when its handle is closed */
    api_reads *reads;
    api_ask *asks;
    history *history;
    alarms *alarms;
    survey survey;        /* the latest look at the whole system */
    usec_t survey_wanted; /* when somebody asked for it last; 0: never */
    usec_t survey_begun;  /* of the one under way, or of the latest */
    bool survey_under_way;
};

/* ---- answers: each takes the request, which is gone behind it ---- */

void api_answer_json(server_request *r, int status, json_t *document); /* takes the document */
/* "code": by the status. */
void api_answer_error(server_request *r, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
frame *api_json_frame(json_t *document); /* takes the document */
frame *api_error_frame(int status, const char *message);
extern const char api_json_type[];

/* A parameter that is a whole number, least..most; `initial` when absent. False: the error is answered. */
bool api_param_count(server_request *r, const char *name, int64_t least, int64_t most, int64_t initial,
                     int64_t *ret_value);
/* Given, and neither "0" nor "false". */
bool api_param_flag(server_request *r, const char *name);

/* ---- api_read.c ---- */

/* What one read is about: filled on the loop, used by the thread. */
typedef struct read_args {
    char id[REQUEST_ID_MAX + 1];
    const char *status; /* of fleet_statuses; NULL */
    lang_pair pair;
    pair_pattern pattern;
    bool has_pair, languages;
    int64_t limit;
} read_args;

/* Runs in a thread. NULL: what was named is not there, *why says so; or asking failed. `ret_survey` is NULL unless it is a survey. */
typedef json_t *read_document(asker *ask, const keyspace *ks, const read_args *args, survey *ret_survey,
                              sched_error *why);

api_reads *api_reads_new(const api_env *env);
api_reads *api_reads_free(api_reads *reads);
/* The same `key` is the same document. `request` NULL: nobody waits for it. `told` may be NULL; it hears of the survey. */
void api_read(api_reads *reads, const char *key, read_document *read, const read_args *args, server_request *request,
              void (*told)(void *ctx, const survey *found), void *ctx);

/* ---- api_documents.c ---- */
void api_get_nodes(void *ctx, server_request *r);
void api_get_node(void *ctx, server_request *r);
void api_get_pools(void *ctx, server_request *r);
void api_get_pool(void *ctx, server_request *r);
void api_get_job(void *ctx, server_request *r);
void api_get_session(void *ctx, server_request *r);
void api_get_rooms(void *ctx, server_request *r);
void api_get_room(void *ctx, server_request *r);
void api_get_instances(void *ctx, server_request *r);
void api_get_inbox(void *ctx, server_request *r);
void api_get_dead_letters(void *ctx, server_request *r);
void api_get_cluster(void *ctx, server_request *r);
/* Looks at the whole system, unless that is under way. */
void api_survey(api *a);

/* ---- api_stats.c, api_simulate.c ---- */
void api_get_stats(void *ctx, server_request *r);
void api_get_simulate(void *ctx, server_request *r);

api_ask *api_ask_new(api *a, server_request *r);
/* Takes it off the list; returns its request. */
server_request *api_ask_end(api_ask *ask);

#endif
