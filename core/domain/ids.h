/* ids.h - names of nodes, jobs and sessions: [A-Za-z0-9._:-]{1,64}; request ids the same with up to REQUEST_ID_MAX. */
#ifndef CORE_DOMAIN_IDS_H
#define CORE_DOMAIN_IDS_H

#include "core/base/limits.h"
#include "core/base/status.h"

#include <stdbool.h>

bool id_valid(const char *id);
bool request_id_valid(const char *id);
/* SCHED_EINVAL "node id: …" naming `what` and the value. */
sched_status id_check(const char *what, const char *id, sched_error *err);

/* A node's services, for people: ids of 1 to SERVICE_MAX visible ASCII characters, one space between two, SERVICES_MAX bytes in
 * all; "" is none. SCHED_EINVAL says what is wrong. */
sched_status service_list_check(const char *services, sched_error *err);

#endif
