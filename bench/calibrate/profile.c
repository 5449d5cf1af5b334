/* profile.c - the file: rows for the simulator, and what a reader wants to know of where they come from. */
#include <gnu/libc-version.h>
#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <jansson.h>

#include "bench/calibrate/calibrate.h"
#include "core/base/version.h"
#include "sim/scenario/machine_costs.h"

static json_t *number(double value, double steps) {
    return json_real(round(value * steps) / steps);
}

static json_t *row(const calibrated_row *r) {
    json_t *o = json_object();
    json_object_set_new(o, "base_usec", number(r->base_usec, 1e4));
    json_object_set_new(o, "usec_per_byte", number(r->usec_per_byte, 1e7));
    json_object_set_new(o, "cv", number(r->cv, 1e4));
    json_object_set_new(o, "low", number(r->low, 1e4));
    json_object_set_new(o, "high", number(r->high, 1e4));
    json_object_set_new(o, "calls", json_integer(r->calls));
    json_object_set_new(o, "scaled", json_boolean(r->scaled));
    return o;
}

/* "AMD EPYC 9V74 80-Core Processor"; "" when the kernel does not tell. */
static void read_processor(char name[128]) {
    char line[256];
    FILE *in = fopen("/proc/cpuinfo", "re");
    *name = '\0';
    while (in && !*name && fgets(line, sizeof line, in)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        snprintf(name, 128, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
    }
    if (in) fclose(in);
}

static json_t *made(const calibration *c) {
    char processor[128];
    struct utsname kernel;
    json_t *o = json_object();
    read_processor(processor);
    json_object_set_new(o, "lingua", json_string(LINGUA_VERSION));
    json_object_set_new(o, "redis", json_string(c->redis_version));
    json_object_set_new(o, "libc", json_string(gnu_get_libc_version()));
    if (uname(&kernel) == 0) json_object_set_new(o, "kernel", json_string(kernel.release));
    json_object_set_new(o, "processor", json_string(processor));
    json_object_set_new(o, "processors", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    json_object_set_new(o, "runs", json_integer(c->runs));
    json_object_set_new(o, "jobs_per_s", number(c->jobs_per_s, 1));
    json_object_set_new(o, "residual", isnan(c->residual) ? json_null() : number(c->residual, 1e4));
    json_object_set_new(o, "ratio_to_shipped", number(c->ratio, 1e4));
    json_object_set_new(o, "way_usec", number(c->way_usec, 1e2));
    return o;
}

static json_t *core(const calibration *c) {
    json_t *o = json_object();
    for (int kind = 0; kind < WORK_KINDS; kind++) {
        if (c->core_usec[kind] < 0) continue;
        json_t *one = json_object();
        json_object_set_new(one, "usec", number(c->core_usec[kind], 1e5));
        json_object_set_new(one, "low", number(c->core_low[kind], 1e5));
        json_object_set_new(one, "high", number(c->core_high[kind], 1e5));
        json_object_set_new(o, machine_work_names[kind], one);
    }
    return o;
}

void calibration_write(const calibration *c, FILE *out) {
    json_t *o = json_object(), *rows = json_object();
    for (int id = 0; id < SCRIPT_COUNT; id++) json_object_set_new(rows, scripts_name(id), row(&c->script[id]));
    json_object_set_new(o, "schema", json_string("lingua.sim.costs/1"));
    json_object_set_new(o, "made", made(c));
    json_object_set_new(o, "scripts", rows);
    json_object_set_new(o, "command", row(&c->command));
    json_object_set_new(o, "core", core(c));
    json_dumpf(o, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    fputc('\n', out);
    json_decref(o);
}
