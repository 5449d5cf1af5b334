/* http_get.h - one page of a server, fetched by blocking: for figures before and after, and for how long they take. */
#ifndef BENCH_LOAD_HTTP_GET_H
#define BENCH_LOAD_HTTP_GET_H

#include "bench/load/ws_client.h"
#include "core/base/clock.h"
#include "core/base/status.h"

enum { HTTP_BODY_MAX = 16 << 20 };

/* The body of a 200 as text, to be freed. SCHED_EIO: no connection, or nothing within `patience`; SCHED_EPROTO: another status, or
 * no HTTP. May run in any thread. */
sched_status http_get(const ws_target *target, const char *path, const char *token, usec_t patience, char **ret_body,
                      sched_error *err);

#endif
