/* status.c - see the header. Messages quote names from scenarios, nodes and servers: the line is kept whole here, once, so
 * that no caller has to think of a broken character or a line break in what it quotes. */
#include "core/base/status.h"

#include <assert.h>
#include <stdio.h>

#include "core/base/text.h"

sched_status sched_vfail(sched_error *err, sched_status status, const char *format, va_list args) {
    assert(status != SCHED_OK);
    if (!err) return status;
    char raw[SCHED_ERROR_MAX + 1]; /* one more than fits, so that what was cut is seen to be cut */
    vsnprintf(raw, sizeof raw, format, args);
    err->status = status;
    text_one_line(err->message, sizeof err->message, raw);
    return status;
}

sched_status sched_fail(sched_error *err, sched_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sched_vfail(err, status, format, args);
    va_end(args);
    return status;
}

const char *sched_status_name(sched_status status) {
    switch (status) {
    case SCHED_OK: return "ok";
    case SCHED_FULL: return "full";
    case SCHED_EINVAL: return "invalid";
    case SCHED_ENOENT: return "not-found";
    case SCHED_EIO: return "io";
    case SCHED_EPROTO: return "protocol";
    case SCHED_ETIMEDOUT: return "timed-out";
    case SCHED_EINTR: return "interrupted";
    case SCHED_EBROKEN: return "broken";
    }
    return "unknown";
}
