/* redis_info.h - what the server says of itself in INFO, as numbers. */
#ifndef SIM_REDIS_HOST_REDIS_INFO_H
#define SIM_REDIS_HOST_REDIS_INFO_H

#include <stdint.h>

typedef struct redis_usage {
    int64_t cpu_usec;    /* user and system time of the server since its start; real, so not reproducible */
    int64_t used_memory; /* bytes, by the server's own count */
} redis_usage;

/* From the texts of INFO cpu and INFO memory; what is missing is 0. */
redis_usage redis_info_usage(const char *cpu, const char *memory);

#endif
