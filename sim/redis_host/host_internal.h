/* host_internal.h - what the kinds of redis_host share; nobody else includes it. */
#ifndef SIM_REDIS_HOST_HOST_INTERNAL_H
#define SIM_REDIS_HOST_HOST_INTERNAL_H

#include "sim/redis_host/redis_host.h"

enum { HOST_VERSION_MAX = 32 };

typedef struct redis_host_kind {
    void (*close)(redis_host *host);
    redis_link (*link)(redis_host *host, int32_t number);
    redis_link (*reader)(redis_host *host, int32_t number);
    void (*issue_at)(redis_host *host, int32_t number, usec_t at); /* may be NULL, as may `late` */
    sched_status (*run)(redis_host *host, usec_t until, sched_error *err);
    void (*settle)(redis_host *host);
    sched_status (*ask)(redis_host *host, const redis_call *call, redis_reply **ret_reply, sched_error *err);
    int (*masters)(const redis_host *host); /* NULL, as the next, where there is one */
    void (*turn_to)(redis_host *host, int master);
    sched_status (*expire)(redis_host *host, sched_error *err);
    redis_traffic (*traffic)(const redis_host *host);
    redis_host_lateness (*late)(const redis_host *host);
    const char *(*cannot)(const redis_host *host, redis_trouble trouble);
    bool (*answers)(const redis_host *host); /* would it answer a command now? */
    void (*pause)(redis_host *host, usec_t until);
    void (*slow)(redis_host *host, double factor); /* NULL where it cannot, as may be the last ones */
    void (*flush_scripts)(redis_host *host);
    void (*kill)(redis_host *host, bool save);
    void (*revive)(redis_host *host, bool with_data);
    void (*cut)(redis_host *host);
    void (*mend)(redis_host *host);
    void (*cut_instance)(redis_host *host, int32_t number);
    void (*mend_instance)(redis_host *host, int32_t number);
    void (*hang_up)(redis_host *host, int32_t number); /* may be NULL */
    bool time_is_free;
} redis_host_kind;

/* First member of each kind. */
struct redis_host {
    const redis_host_kind *kind;
    redis_url url;
    char version[HOST_VERSION_MAX];
    int64_t cpu_of_killed; /* usec */
    int32_t instances;
    bool readers;       /* there are any */
    bool share_readers; /* they are the other links */
};

/* Asks the server for its version. */
sched_status redis_host_learn_version(redis_host *host, sched_error *err);

#endif
