/* machine_costs.c - strict about what it knows: a name that is no script's is a mistake, since its figure would be lost in silence. */
#include "sim/scenario/machine_costs.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/yaml_bind.h"

enum { FILE_BYTES_MAX = 1 << 20 };

const char *const machine_work_names[WORK_KINDS] = {
    [WORK_NODE] = "node", [WORK_JOB] = "job", [WORK_COPY] = "copy", [WORK_STORE] = "store", [WORK_STATS] = "stats",
};

static sched_status number_of(const json_t *of, const char *row, const char *name, double most, double *ret_number,
                              sched_error *err) {
    const json_t *value = json_object_get(of, name);
    double number = json_number_value(value);
    if (!json_is_number(value) || number < 0 || number > most)
        return sched_fail(err, SCHED_EINVAL, "%s.%s: expected a number from 0 to %g", row, name, most);
    *ret_number = number;
    return SCHED_OK;
}

static sched_status read_cost(const json_t *of, const char *row, cost_row *ret_row, sched_error *err) {
    cost_row cost;
    sched_status status = number_of(of, row, "base_usec", 1e6, &cost.base_usec, err);
    if (!status) status = number_of(of, row, "usec_per_byte", 1e3, &cost.usec_per_byte, err);
    if (!status) status = number_of(of, row, "cv", 5, &cost.cv, err);
    if (!status) *ret_row = cost;
    return status;
}

static script_id script_of(const char *name) {
    for (script_id id = 0; id < SCRIPT_COUNT; id++)
        if (!strcmp(scripts_name(id), name)) return id;
    return SCRIPT_NONE;
}

static sched_status read_scripts(json_t *rows, machine_costs *costs, sched_error *err) {
    const char *name;
    json_t *row;
    json_object_foreach(rows, name, row) {
        script_id id = script_of(name);
        if (id == SCRIPT_NONE)
            return sched_fail(err, SCHED_EINVAL, "scripts: \"%.60s\": there is no such script", name);
        sched_status status = read_cost(row, name, &costs->redis.script[id], err);
        if (status) return status;
    }
    return SCHED_OK;
}

static sched_status read_core(json_t *core, machine_costs *costs, sched_error *err) {
    const char *name;
    json_t *row;
    json_object_foreach(core, name, row) {
        int kind = 0;
        while (kind < WORK_KINDS && strcmp(machine_work_names[kind], name) != 0) kind++;
        if (kind == WORK_KINDS) return sched_fail(err, SCHED_EINVAL, "core: \"%.60s\": there is no such work", name);
        sched_status status = number_of(row, name, "usec", 1e6, &costs->core_usec[kind], err);
        if (status) return status;
    }
    return SCHED_OK;
}

static sched_status read_document(json_t *o, machine_costs *costs, sched_error *err) {
    const char *schema = json_string_value(json_object_get(o, "schema"));
    if (!schema || strcmp(schema, "lingua.sim.costs/1") != 0)
        return sched_fail(err, SCHED_EINVAL, "not what lingua-bench calibrate writes: schema \"%.60s\"",
                          schema ? schema : "");
    costs->redis = cost_profile_default;
    for (int kind = 0; kind < WORK_KINDS; kind++) costs->core_usec[kind] = -1;
    sched_status status = read_scripts(json_object_get(o, "scripts"), costs, err);
    if (!status && json_object_get(o, "command"))
        status = read_cost(json_object_get(o, "command"), "command", &costs->redis.command, err);
    if (!status) status = read_core(json_object_get(o, "core"), costs, err);
    return status;
}

static char *read_bytes(const char *path, size_t *ret_bytes, sched_error *err) {
    FILE *in = fopen(path, "re");
    char *text = in ? mem_alloc(FILE_BYTES_MAX) : NULL;
    if (!in) {
        sched_fail(err, SCHED_EIO, "%s: %s", path, strerror(errno));
        return NULL;
    }
    *ret_bytes = fread(text, 1, FILE_BYTES_MAX, in);
    bool bad = ferror(in) != 0 || *ret_bytes == FILE_BYTES_MAX;
    fclose(in);
    if (!bad) return text;
    sched_fail(err, SCHED_EIO, "%s: it cannot be read, or has 1 MiB or more", path);
    free(text);
    return NULL;
}

sched_status machine_costs_read(const char *path, machine_costs *ret_costs, char digest[CSV_DIGEST_MAX + 1],
                                sched_error *err) {
    size_t bytes = 0;
    json_error_t why;
    sched_error inner;
    machine_costs costs;
    char *text = read_bytes(path, &bytes, err);
    if (!text) return SCHED_EIO;
    text[bytes] = '\0';
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    sched_status status = o ? read_document(o, &costs, &inner) : SCHED_EINVAL;
    if (!o)
        sched_fail(err, SCHED_EINVAL, "%s:%d:%d: %s", path, why.line, why.column, why.text);
    else if (status)
        sched_fail(err, status, "%s: %s", path, inner.message);
    if (!status) *ret_costs = costs;
    if (!status && digest) snprintf(digest, CSV_DIGEST_MAX + 1, "%016" PRIx64, hash_text(text));
    json_decref(o);
    free(text);
    return status;
}

/* ---- in a scenario -------------------------------------------------------------------------------------------------- */

static const setting profile_rows[] = {
    ROW_TEXT(machine_profile, "file", file, NULL, "what lingua-bench calibrate has written"),
    ROW_TEXT(machine_profile, "digest", digest, NULL, "of the file's bytes: another file is refused"),
    {.name = NULL},
};

static sched_status read_names(const yaml_value *v, machine_profile *p, sched_error *err) {
    static const setting file_row = ROW_TEXT(machine_profile, "profile", file, NULL, "");
    if (yaml_kind_of(v) == YAML_MAP) return yaml_bind(v, profile_rows, sizeof *p, p, err);
    return yaml_bind_value(v, &file_row, p, err);
}

static sched_status read(const yaml_value *v, void *field, sched_error *err) {
    machine_profile *p = field;
    char digest[CSV_DIGEST_MAX + 1];
    sched_error inner;
    sched_status status = read_names(v, p, err);
    if (status) return status;
    if (!*p->file) return SCHED_OK;
    char *path = yaml_path(v, p->file);
    p->costs = mem_zalloc(1, sizeof *p->costs);
    if (machine_costs_read(path, p->costs, digest, &inner)) {
        status = yaml_fail(v, err, "%s", inner.message);
    } else if (*p->digest && strcmp(p->digest, digest) != 0) {
        status = yaml_fail(v, err, "digest: the file has %s: it is not the one that was meant", digest);
    } else {
        memcpy(p->digest, digest, sizeof digest);
    }
    free(path);
    return status;
}

static void print(const void *field, FILE *out) {
    const machine_profile *p = field;
    if (*p->file) fprintf(out, "{file: \"%s\", digest: \"%s\"}", p->file, p->digest);
}

static void release(void *field) {
    machine_profile *p = field;
    free(p->costs);
    p->costs = NULL;
}

const setting_type machine_profile_type = {"a file of lingua-bench calibrate, or {file, digest}", read, print, release};
