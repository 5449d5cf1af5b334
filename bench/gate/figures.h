/* figures.h - named numbers: what a probe of the gate has measured.
 *
 * Names are "group.what", in the order in which they were added; a name is added once.
 * Ownership  figures_free() frees the list. All zero is an empty one. */
#ifndef BENCH_GATE_FIGURES_H
#define BENCH_GATE_FIGURES_H

#include <jansson.h>
#include <stddef.h>

#include "core/base/status.h"

enum { FIGURE_NAME_MAX = 79 };

typedef struct figure {
    char name[FIGURE_NAME_MAX + 1];
    double value;
} figure;

typedef struct figures {
    figure *list;
    size_t count;
} figures;

void figures_add(figures *f, double value, const char *name, ...) __attribute__((format(printf, 3, 4)));
/* NULL when there is none of that name. */
const figure *figures_find(const figures *f, const char *name);
void figures_free(figures *f);

/* {"name": number, ...}; whole numbers without a fraction. */
json_t *figures_to_json(const figures *f);
/* SCHED_EINVAL, naming the first thing that is no number. */
sched_status figures_from_json(const json_t *json, figures *ret_figures, sched_error *err);

#endif
