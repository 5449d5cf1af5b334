/* dist_sample.h - the empirical distribution of a column: what was measured, drawn again, each value by its weight.
 *
 * Written as {file: clips.csv, column: avg_s, weight: clips, scale: 1, min: 300ms, max: 30s}. Values are seconds for durations.
 * Memory: 8 bytes per value, 16 with weights; at most SAMPLE_VALUES_MAX. */
#ifndef SIM_SCENARIO_DIST_SAMPLE_H
#define SIM_SCENARIO_DIST_SAMPLE_H

#include "core/base/yaml_doc.h"
#include "sim/scenario/dist.h"

enum { SAMPLE_VALUES_MAX = 1000000 };

/* Reads the mapping and the file into *d: kind, mean, min, max and sample. */
sched_status dist_sample_read(const yaml_value *mapping, bool durations, dist *d, sched_error *err);
dist_sample *dist_sample_free(dist_sample *s); /* takes NULL, returns NULL */
double dist_sample_draw(const dist_sample *s, rng *r);
/* `format` writes min and max. */
void dist_sample_print(const dist *d, char *(*format)(char *, double), FILE *out);
void dist_sample_markdown(FILE *out, int level);

#endif
