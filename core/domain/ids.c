/* ids.c - one alphabet for all names from outside: none of its characters means anything to a Redis key, a pattern of SCAN, a
 * log line or a list by spaces, so that no place needs to quote. */
#include "core/domain/ids.h"

#include <string.h>

#include "core/base/text.h"

enum { SHOWN_MAX = 80 }; /* bytes of a bad name in a message */

static bool valid(const char *id, size_t max) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
    size_t len = strspn(id, allowed);
    return len >= 1 && len <= max && id[len] == '\0';
}

bool id_valid(const char *id) {
    return valid(id, ID_MAX);
}

bool request_id_valid(const char *id) {
    return valid(id, REQUEST_ID_MAX);
}

sched_status id_check(const char *what, const char *id, sched_error *err) {
    if (id_valid(id)) return SCHED_OK;
    return sched_fail(err, SCHED_EINVAL, "%s \"%.*s\": expected 1 to %d of A-Z a-z 0-9 . _ : -", what,
                      (int)text_prefix(id, SHOWN_MAX), id, ID_MAX);
}
