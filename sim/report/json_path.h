/* json_path.h - a value inside a JSON document by its path. */
#ifndef SIM_REPORT_JSON_PATH_H
#define SIM_REPORT_JSON_PATH_H

#include "core/base/status.h"

#include <jansson.h>

/* "jobs.ok": borrowed; NULL when one step is missing. Steps are shorter than 64 bytes. */
json_t *json_at(json_t *o, const char *path);
/* The number there; NAN when there is none. */
double json_number_at(json_t *o, const char *path);
/* Free it with json_decref(). SCHED_EIO: cannot be opened; SCHED_EINVAL: no JSON, with the place. */
sched_status json_read(const char *path, json_t **ret_json, sched_error *err);

#endif
