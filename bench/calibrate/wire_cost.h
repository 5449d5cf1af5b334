/* wire_cost.h - what it costs a server to read a call and write its answer, which no call's own time tells: the CPU time of calls that do
 * nothing (ECHO), sent 16 at a time, of a short and of a long one. */
#ifndef BENCH_CALIBRATE_WIRE_COST_H
#define BENCH_CALIBRATE_WIRE_COST_H

#include "core/redis/sync_client.h"

typedef struct wire_cost {
    double usec_per_call, usec_per_byte; /* of the call on the wire */
    double
        way_usec; /* one way for a call that travels alone: half of the median round trip without the server's work */
} wire_cost;

sched_status wire_cost_measure(sync_client *client, wire_cost *ret_cost, sched_error *err);

#endif
