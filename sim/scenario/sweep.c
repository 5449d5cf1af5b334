/* sweep.c - points are made from the document, not from the bound scenario: whatever can be written can be swept, and a mistake
 * is told with its place in the file. */
#include "sim/scenario/sweep.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/yaml_bind.h"
#include "core/base/yaml_flow.h"
#include "core/base/yaml_merge.h"
#include "sim/scenario/scenario_check.h"

typedef struct axis {
    const yaml_value *path, *values; /* of the file; NULL for variants */
    char *text[SWEEP_VALUES_MAX];    /* as YAML on one line; owned */
    size_t count;
} axis;

struct sweep_plan {
    yaml_doc *doc;
    const yaml_value *base; /* the scenario without sweep and runs */
    char name[SCENARIO_NAME_MAX + 1];
    int64_t runs;
    axis axis[SWEEP_AXES_MAX];
    size_t axes, points;
    const char *const *variants; /* NULL: a sweep */
};

/* --- the setting ------------------------------------------------------------------------------------------------ */

/* What says how often a scenario is run, and by which seeds, is not of a single point. */
static bool may_vary(const char *path) {
    static const char *const fixed[] = {"include", "runs", "seed", "sweep"};
    size_t len = strcspn(path, ".");
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        if (strlen(fixed[i]) == len && !strncmp(fixed[i], path, len)) return false;
    }
    return true;
}

static sched_status check_axes(const yaml_value *v, sched_error *err) {
    sched_status status = yaml_expect(v, YAML_MAP, "sweep", err);
    if (!status && yaml_count(v) > SWEEP_AXES_MAX) {
        status = yaml_fail(v, err, "sweep: %zu axes: at most %d are accepted", yaml_count(v), SWEEP_AXES_MAX);
    }
    size_t points = 1;
    for (size_t i = 0; i < yaml_count(v) && !status; i++) {
        const yaml_value *key = yaml_key(v, i), *values = yaml_item(v, i);
        size_t n = yaml_count(values);
        if (!may_vary(yaml_text(key))) {
            status = yaml_fail(key, err,
                               "sweep: \"%s\" cannot be an axis; `runs` is how often a point is run, each "
                               "with another seed",
                               yaml_text(key));
        } else if (yaml_kind_of(values) != YAML_LIST || n == 0 || n > SWEEP_VALUES_MAX) {
            status = yaml_fail(values, err, "%s: expected a list of 1 .. %d values for this path", yaml_text(key),
                               SWEEP_VALUES_MAX);
        } else if ((points *= n) > SWEEP_TOTAL_MAX) {
            status = yaml_fail(v, err, "sweep: more than %d points", SWEEP_TOTAL_MAX);
        }
    }
    return status;
}

static sched_status read_sweep(const yaml_value *v, void *field, sched_error *err) {
    if (yaml_kind_of(v) == YAML_EMPTY) return SCHED_OK;
    sched_status status = check_axes(v, err);
    if (!status && yaml_count(v)) *(char **)field = yaml_flow(v);
    return status;
}

static void print_sweep(const void *field, FILE *out) {
    const char *text = *(char *const *)field;
    if (text) fputs(text, out);
}

static void release_sweep(void *field) {
    free(*(char **)field);
    *(char **)field = NULL;
}

const setting_type sweep_type = {"a mapping of paths to lists", read_sweep, print_sweep, release_sweep};

/* --- reading ---------------------------------------------------------------------------------------------------- */

/* The document with the sweep taken out of it. *ret_sweep is NULL when there is none. */
static sched_status open_plan(const char *path, const char *const *sets, size_t set_count, sweep_plan **ret_plan,
                              const yaml_value **ret_sweep, sched_error *err) {
    sweep_plan *plan = mem_zalloc(1, sizeof *plan);
    scenario *s = NULL;
    sched_status status = scenario_read(path, sets, set_count, &plan->doc, err);
    if (!status) status = scenario_bind(plan->doc, &s, err);
    if (status) {
        sweep_free(plan);
        return status;
    }
    memcpy(plan->name, s->name, sizeof plan->name);
    plan->runs = s->runs ? s->runs : 1;
    *ret_sweep = s->sweep ? yaml_get(yaml_doc_root(plan->doc), "sweep") : NULL;
    scenario_free(s);
    yaml_doc_drop(plan->doc, "sweep");
    yaml_doc_drop(plan->doc, "runs");
    yaml_doc_drop(plan->doc, "variants");
    plan->base = yaml_doc_root(plan->doc);
    plan->points = 1;
    *ret_plan = plan;
    return SCHED_OK;
}

sched_status sweep_load(const char *path, const char *const *sets, size_t set_count, sweep_plan **ret_plan,
                        sched_error *err) {
    const yaml_value *axes = NULL;
    sched_status status = open_plan(path, sets, set_count, ret_plan, &axes, err);
    if (status) return status;
    sweep_plan *plan = *ret_plan;
    for (size_t i = 0; axes && i < yaml_count(axes); i++) {
        axis *a = &plan->axis[plan->axes++];
        a->path = yaml_key(axes, i);
        a->values = yaml_item(axes, i);
        a->count = yaml_count(a->values);
        for (size_t k = 0; k < a->count; k++) a->text[k] = yaml_flow(yaml_item(a->values, k));
        plan->points *= a->count;
    }
    return SCHED_OK;
}

sched_status sweep_variant_check(const char *variant, sched_error *err) {
    size_t len = strcspn(variant, ":");
    bool right = len > 0 && len <= VARIANT_NAME_MAX && isalnum((unsigned char)*variant);
    for (size_t i = 0; i < len; i++) right &= isalnum((unsigned char)variant[i]) || strchr("_.-", variant[i]);
    if (!right) {
        return sched_fail(err, SCHED_EINVAL,
                          "--variant %s: expected name:path=value,path=value with a name of at most %d letters, "
                          "digits, _ . and -",
                          variant, VARIANT_NAME_MAX);
    }
    return SCHED_OK;
}

static sched_status check_variant(const axis *others, const char *variant, sched_error *err) {
    size_t len = strcspn(variant, ":");
    sched_status status = sweep_variant_check(variant, err);
    if (status) return status;
    for (size_t i = 0; i < others->count; i++) {
        if (strlen(others->text[i]) == len && !strncmp(others->text[i], variant, len))
            return sched_fail(err, SCHED_EINVAL, "--variant %s: two variants are named \"%s\"", variant,
                              others->text[i]);
    }
    return SCHED_OK;
}

sched_status sweep_load_variants(const char *path, const char *const *sets, size_t set_count,
                                 const char *const *variants, size_t variant_count, sweep_plan **ret_plan,
                                 sched_error *err) {
    assert(variant_count > 0 && variant_count <= SWEEP_VALUES_MAX);
    const yaml_value *axes = NULL;
    sweep_plan *plan = NULL;
    sched_status status = open_plan(path, sets, set_count, &plan, &axes, err);
    if (status) return status;
    axis *a = &plan->axis[plan->axes++];
    for (size_t i = 0; i < variant_count && !status; i++) {
        status = check_variant(a, variants[i], err);
        if (status) break;
        a->text[a->count++] = strndup(variants[i], strcspn(variants[i], ":"));
    }
    if (status) {
        sweep_free(plan);
        return status;
    }
    plan->variants = variants;
    plan->points = a->count;
    *ret_plan = plan;
    return SCHED_OK;
}

sweep_plan *sweep_free(sweep_plan *plan) {
    if (!plan) return NULL;
    for (size_t i = 0; i < plan->axes; i++) {
        for (size_t k = 0; k < plan->axis[i].count; k++) free(plan->axis[i].text[k]);
    }
    yaml_doc_free(plan->doc);
    free(plan);
    return NULL;
}

/* --- points ----------------------------------------------------------------------------------------------------- */

const char *sweep_name(const sweep_plan *plan) {
    return plan->name;
}

int64_t sweep_runs(const sweep_plan *plan) {
    return plan->runs;
}

size_t sweep_points(const sweep_plan *plan) {
    return plan->points;
}

size_t sweep_axes(const sweep_plan *plan) {
    return plan->axes;
}

const char *sweep_axis(const sweep_plan *plan, size_t i) {
    assert(i < plan->axes);
    return plan->variants ? "variant" : yaml_text(plan->axis[i].path);
}

/* Index of the point's value on an axis: the point is a number whose digits they are. */
static size_t digit(const sweep_plan *plan, size_t point, size_t i) {
    for (size_t k = plan->axes - 1; k > i; k--) point /= plan->axis[k].count;
    return point % plan->axis[i].count;
}

const char *sweep_value(const sweep_plan *plan, size_t point, size_t i) {
    assert(point < plan->points && i < plan->axes);
    return plan->axis[i].text[digit(plan, point, i)];
}

/* Up to the next comma that is not within brackets or quotes. */
static size_t assignment_length(const char *text) {
    int depth = 0;
    char quote = 0;
    size_t i = 0;
    for (; text[i] && (depth > 0 || quote || text[i] != ','); i++) {
        char c = text[i];
        if (quote) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else {
            depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        }
    }
    return i;
}

static sched_status put_variant(sweep_plan *plan, const char *variant, sched_error *err) {
    size_t name = strcspn(variant, ":");
    sched_status status = SCHED_OK;
    for (const char *at = variant + name + (variant[name] == ':'); *at && !status;) {
        size_t len = assignment_length(at);
        char *assignment = strndup(at, len);
        status = yaml_doc_set(plan->doc, assignment, err);
        free(assignment);
        at += len + (at[len] == ',');
    }
    return status;
}

static sched_status put_values(sweep_plan *plan, size_t point, sched_error *err) {
    sched_status status = SCHED_OK;
    for (size_t i = 0; i < plan->axes && !status; i++) {
        const axis *a = &plan->axis[i];
        status = yaml_doc_put(plan->doc, yaml_text(a->path), yaml_item(a->values, digit(plan, point, i)), a->path, err);
    }
    return status;
}

static sched_status name_variant(const char *name, sched_status status, sched_error *err) {
    sched_error inner = *err;
    return sched_fail(err, status, "variant \"%s\": %s", name, inner.message);
}

sched_status sweep_scenario(sweep_plan *plan, size_t point, scenario **ret_scenario, sched_error *err) {
    assert(point < plan->points);
    sched_status status = plan->variants ? put_variant(plan, plan->variants[point], err) : put_values(plan, point, err);
    if (!status) status = scenario_bind(plan->doc, ret_scenario, err);
    yaml_doc_rewind(plan->doc, plan->base);
    return status && plan->variants ? name_variant(plan->axis[0].text[point], status, err) : status;
}

sched_status sweep_check(sweep_plan *plan, sched_error *err) {
    sched_status status = SCHED_OK;
    for (size_t i = 0; i < plan->points && !status; i++) {
        scenario *s = NULL;
        status = sweep_scenario(plan, i, &s, err);
        scenario_free(s);
    }
    return status;
}
