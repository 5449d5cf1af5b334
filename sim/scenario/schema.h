/* schema.h - the language of scenarios, printed from the tables that parse it. */
#ifndef SIM_SCENARIO_SCHEMA_H
#define SIM_SCENARIO_SCHEMA_H

#include <stdio.h>

/* An annotated YAML document that holds every default; it is itself a scenario. */
void scenario_schema_text(FILE *out);
/* docs/SCENARIOS.md: an introduction and a table for each mapping. */
void scenario_schema_markdown(FILE *out);

#endif
