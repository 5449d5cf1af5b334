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

sched_status service_list_check(const char *services, sched_error *err) {
    size_t len = strlen(services), id_len = 0;
    if (len > SERVICES_MAX)
        return sched_fail(err, SCHED_EINVAL, "services: %zu bytes: expected at most %d", len, SERVICES_MAX);
    for (size_t i = 0; len > 0 && i <= len; i++) {
        bool ends = services[i] == ' ' || services[i] == '\0';
        bool visible = services[i] > ' ' && services[i] <= '~';
        if (ends ? id_len == 0 : !visible || id_len == SERVICE_MAX)
            return sched_fail(err, SCHED_EINVAL,
                              "services: byte %zu: expected ids of 1 to %d visible ASCII characters, by one space", i,
                              SERVICE_MAX);
        id_len = ends ? 0 : id_len + 1;
    }
    return SCHED_OK;
}
