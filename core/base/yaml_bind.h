/* yaml_bind.h - a YAML mapping read into a struct by a table of rows (settings.h).
 *
 * What is not given takes its default, an unknown key is refused with the nearest known one, every value is checked
 * against its kind and bounds. The first error is reported, as "file:line:column: key: what is wrong, what was
 * expected". Nothing is half done: the target is written when everything is right, and on failure nothing stays
 * allocated. A section without content ("scheduler:" and nothing below) is one that was not given. */
#ifndef CORE_BASE_YAML_BIND_H
#define CORE_BASE_YAML_BIND_H

#include "core/base/settings.h"
#include "core/base/yaml_doc.h"

/* Binds `map` to the struct of `size` bytes that `rows` describe. Release with settings_release(). */
sched_status yaml_bind(const yaml_value *map, const setting *rows, size_t size, void *ret_struct, sched_error *err);

/* Fills a zeroed struct with the defaults of its rows; required ones stay zero. A default that its own row refuses is
 * a bug and asserts. */
void settings_default(const setting *rows, void *target);
/* Frees what binding allocated below the struct (lists, and what values of own types hold) and zeroes the pointers. */
void settings_release(const setting *rows, void *target);

/* For readers of setting types: one value bound by a row of its own, as if it stood in a table. */
sched_status yaml_bind_value(const yaml_value *v, const setting *row, void *target, sched_error *err);
/* "pairs: expected a list, not text". */
sched_status yaml_expect(const yaml_value *v, yaml_kind kind, const char *what, sched_error *err);

#endif
