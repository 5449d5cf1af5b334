/* overrides.h - the options --set and --phase of every command that reads a scenario.
 *
 *     static const struct option options[] = {{"set", required_argument, NULL, OPT_SET}, ...};
 *     case OPT_SET: if (!overrides_add(&sets, optarg)) return STATUS_BAD_INPUT; break;
 *     status = scenario_load_set(path, sets.set, sets.count, &sc, &err); */
#ifndef SIM_COMMANDS_OVERRIDES_H
#define SIM_COMMANDS_OVERRIDES_H

#include <stdbool.h>
#include <stddef.h>

enum { OVERRIDES_MAX = 64, PHASE_SETTING_MAX = 64, OPT_SET = 1000, OPT_PHASE };

/* Texts are not copied. Must not be moved when a phase was given. */
typedef struct overrides {
    const char *set[OVERRIDES_MAX];
    size_t count;
    char phase[PHASE_SETTING_MAX]; /* what `set` may point to */
} overrides;

/* False, and told on stderr, when there are too many. */
bool overrides_add(overrides *o, const char *assignment);
/* --phase P: the same as --set scheduler.phase=P. */
bool overrides_add_phase(overrides *o, const char *phase);

#endif
