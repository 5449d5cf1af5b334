/* fuzz_scenario.c - whatever stands in a scenario, it is read or refused with a reason. */
#include "sim/scenario/scenario.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    scenario *s = NULL;
    sched_error err;
    if (scenario_parse("fuzz.yaml", (const char *)data, size, &s, &err))
        FUZZ_ASSERT(*err.message && !s);
    else
        scenario_free(s);
    return 0;
}
