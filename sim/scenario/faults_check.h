/* faults_check.h - what a fault must be beyond the types and bounds of its values. Part of scenario_load(). */
#ifndef SIM_SCENARIO_FAULTS_CHECK_H
#define SIM_SCENARIO_FAULTS_CHECK_H

#include "core/base/yaml_doc.h"
#include "sim/scenario/scenario.h"

/* Keys that some kinds take and others do not. */
enum {
    KEY_NODES = 1,
    KEY_FOR = 2,
    KEY_FACTOR = 4,
    KEY_LANGUAGES = 8,
    KEY_SERVICE = 16,
    KEY_TARGETS = 32,
    KEY_DATA = 64,
    KEY_WHICH = 128,
    KEY_EVERY = 256,
};

typedef struct fault_rule {
    const char *name;
    unsigned takes; /* of these keys */
    const char *help;
    bool ends; /* `for` must be given, and it is over before the end of the run */
} fault_rule;

const fault_rule *fault_rule_of(fault_kind kind);

/* `at` is the place of the fault. Nodes and languages of the scenario are checked already. Fills in the group, counts, and what
 * was not given. */
sched_status fault_finish(const yaml_value *at, const scenario *s, fault *f, sched_error *err);

#endif
