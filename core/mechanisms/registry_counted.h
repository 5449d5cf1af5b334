/* registry_counted.h - an incident, off unless incidents.counted_reservations asks for it: load is a counter in the node's record.
 *
 * Two things went wrong, one after the other. A reservation that expires leaves the counter as it is, so the node seems full though it
 * is idle. Then (incidents.overwritten_counter) each heartbeat wrote what the node said over the counter, so what was granted since was
 * forgotten, and the node was given too much. */
#ifndef CORE_MECHANISMS_REGISTRY_COUNTED_H
#define CORE_MECHANISMS_REGISTRY_COUNTED_H

#include "core/mechanisms/registry.h"

/* The script that takes the place of `script`, if the incident is asked for and there is one. */
script_id counted_script(const registry_settings *set, script_id script);
/* Behind a heartbeat: the counter is what the node said. */
void counted_overwrite(registry *r, const char *node, int64_t running_jobs);
/* Asks for the counter, where else reservations would be counted. */
void counted_load_call(redis_call *call, const registry *r, const char *node);

#endif
