/* figures.c - a list and no table: a gate has a few hundred, and their order is that of the report. */
#include "bench/gate/figures.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53: beyond, doubles skip whole numbers */

void figures_add(figures *f, double value, const char *name, ...) {
    f->list = mem_realloc(f->list, f->count + 1, sizeof *f->list);
    figure *added = &f->list[f->count];
    added->value = value;
    va_list args;
    va_start(args, name);
    int len = vsnprintf(added->name, sizeof added->name, name, args);
    va_end(args);
    assert(len > 0 && len <= FIGURE_NAME_MAX && !figures_find(f, added->name));
    f->count++;
}

const figure *figures_find(const figures *f, const char *name) {
    for (size_t i = 0; i < f->count; i++)
        if (!strcmp(f->list[i].name, name)) return &f->list[i];
    return NULL;
}

void figures_free(figures *f) {
    free(f->list);
    *f = (figures){0};
}

json_t *figures_to_json(const figures *f) {
    json_t *object = json_object();
    for (size_t i = 0; i < f->count; i++) {
        double value = f->list[i].value;
        bool whole = floor(value) == value && fabs(value) < WHOLE_MAX;
        json_object_set_new(object, f->list[i].name, whole ? json_integer((json_int_t)value) : json_real(value));
    }
    return object;
}

sched_status figures_from_json(const json_t *json, figures *ret_figures, sched_error *err) {
    if (!json_is_object(json)) return sched_fail(err, SCHED_EINVAL, "figures: expected an object of numbers");
    figures f = {0};
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)json, name, value) {
        if (json_is_number(value) && *name && strlen(name) <= FIGURE_NAME_MAX) {
            figures_add(&f, json_number_value(value), "%s", name);
            continue;
        }
        figures_free(&f);
        return sched_fail(err, SCHED_EINVAL, "figure \"%.80s\": expected a number", name);
    }
    *ret_figures = f;
    return SCHED_OK;
}
