/* embedded.h - files that the build puts into the binary (written by scripts/embed.sh).
 *
 * A table ends with an entry whose name is NULL. `data` is followed by a NUL that `len` does not count,
 * so a text file can be used as a string. */
#ifndef CORE_BASE_EMBEDDED_H
#define CORE_BASE_EMBEDDED_H

#include <stddef.h>

typedef struct embedded_file {
    const char *name; /* without the folder: "select_node.lua" */
    const unsigned char *data;
    size_t len;
} embedded_file;

extern const embedded_file embedded_scripts[]; /* scripts/lua */
extern const embedded_file
    embedded_preload[]; /* the clock library of sim/redis_host; in lingua-sim, bench and tests only */
extern const embedded_file embedded_dashboard[]; /* core/daemon/dashboard; in linguad and tests only */
extern const embedded_file embedded_scenarios[]; /* those that lingua-bench measures by; in it and in tests only */
extern const embedded_file embedded_reports[];   /* gnuplot files and page templates of reports/; in lingua-sim only */

/* The entry of that name; NULL when the table has none. */
const embedded_file *embedded_find(const embedded_file *table, const char *name);

#endif
