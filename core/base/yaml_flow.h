/* yaml_flow.h - a YAML value written back on one line: {a: 1, b: [x, "y z"]}. */
#ifndef CORE_BASE_YAML_FLOW_H
#define CORE_BASE_YAML_FLOW_H

#include "core/base/yaml_doc.h"

#include <stdio.h>

/* Reads back to the same value. Texts of letters, digits and _ . / % + - stay plain, others are quoted. */
void yaml_write_flow(FILE *out, const yaml_value *v);
/* The same as a text; free() it. */
char *yaml_flow(const yaml_value *v);

#endif
