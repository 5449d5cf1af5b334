/* redis_info.c - two numbers out of INFO. Server CPU is taken from here because the statistics of commands stand still in virtual
 * time. */
#include "sim/redis_host/redis_info.h"

#include <stdlib.h>
#include <string.h>

/* The number behind "\nname:"; 0 when the line is missing. */
static double info_number(const char *info, const char *name) {
    size_t len = strlen(name);
    for (const char *line = info; (line = strstr(line, name)); line += len)
        if ((line == info || line[-1] == '\n') && line[len] == ':') return strtod(line + len + 1, NULL);
    return 0;
}

redis_usage redis_info_usage(const char *cpu, const char *memory) {
    double seconds = info_number(cpu, "used_cpu_user") + info_number(cpu, "used_cpu_sys");
    return (redis_usage){
        .cpu_usec = (int64_t)(seconds * 1e6 + 0.5),
        .used_memory = (int64_t)info_number(memory, "used_memory"),
    };
}
