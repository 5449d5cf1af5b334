/* status.c - see the header. The cut of an over-long message steps back to a character border, because messages carry
 * names from scenarios and nodes, and a broken character would spoil the JSON that quotes it. */
#include "core/base/status.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void cut_at_character_border(char *text) {
    size_t len = strlen(text);
    size_t start = len;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) start--;
    if (start == 0) return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (len - (start - 1) < want) text[start - 1] = '\0';
}

sched_status sched_vfail(sched_error *err, sched_status status, const char *format, va_list args) {
    assert(status != SCHED_OK);
    if (!err) return status;
    err->status = status;
    int n = vsnprintf(err->message, sizeof err->message, format, args);
    if (n >= (int)sizeof err->message) cut_at_character_border(err->message);
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
