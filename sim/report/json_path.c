/* json_path.c - one step of the path at a time. */
#include "sim/report/json_path.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

json_t *json_at(json_t *o, const char *path) {
    char step[64];
    while (o && *path) {
        size_t len = strcspn(path, ".");
        snprintf(step, sizeof step, "%.*s", (int)len, path);
        o = json_object_get(o, step);
        path += len + (path[len] == '.');
    }
    return o;
}

double json_number_at(json_t *o, const char *path) {
    json_t *value = json_at(o, path);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

sched_status json_read(const char *path, json_t **ret_json, sched_error *err) {
    json_error_t why;
    json_t *o = json_load_file(path, 0, &why);
    if (!o) {
        bool unread = json_error_code(&why) == json_error_cannot_open_file;
        return unread ? sched_fail(err, SCHED_EIO, "%s: cannot be opened", path)
                      : sched_fail(err, SCHED_EINVAL, "%s:%d:%d: %s", path, why.line, why.column, why.text);
    }
    *ret_json = o;
    return SCHED_OK;
}
