/* status.h - how the world fails: a code to branch on and a text for people.
 *
 * A function that can fail returns a sched_status and takes `sched_error *err` last. On failure it fills *err once, where
 * the cause is known; callers pass it on unchanged. `err` may be NULL. Results (`ret_x`) are written on SCHED_OK only.
 * Bugs do not travel this way: they fail by assert(), which stays on in every build. Library code never prints. */
#ifndef CORE_BASE_STATUS_H
#define CORE_BASE_STATUS_H

#include <stdarg.h>

typedef enum sched_status {
    SCHED_OK = 0,
    SCHED_FULL,      /* a bound was reached; the caller may retry later */
    SCHED_EINVAL,    /* bad input from outside: configuration, scenario, message */
    SCHED_ENOENT,    /* what was named does not exist */
    SCHED_EIO,       /* a connection, a file or a child process failed; errno text is in the message */
    SCHED_EPROTO,    /* Redis answered, but not with what the contract promises */
    SCHED_ETIMEDOUT, /* no answer in time; the outcome is unknown */
    SCHED_EINTR,     /* the user asked to stop */
    SCHED_EBROKEN,   /* an invariant that was being watched does not hold */
} sched_status;

enum { SCHED_ERROR_MAX = 512 };

typedef struct sched_error {
    sched_status status;
    char message[SCHED_ERROR_MAX]; /* as text_one_line() makes it: one line, UTF-8; too long: "..." */
} sched_error;

/* Fills *err (unless NULL) and returns `status`, so that `return sched_fail(...)` reads as one step. */
sched_status sched_fail(sched_error *err, sched_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
sched_status sched_vfail(sched_error *err, sched_status status, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* "full", "invalid", ...: one word for logs. */
const char *sched_status_name(sched_status status);

#endif
