/* baseline.c - reads and writes the file; one figure in a line, so that a change of it reads well in a review. */
#include "bench/gate/baseline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BASELINE_SCHEMA "lingua.bench.baseline/1"
enum { REASONS_MAX = 20, BASELINE_DIGITS = 15 };

static sched_status read_document(const json_t *doc, const char *path, baseline *b, sched_error *err) {
    const char *schema = json_string_value(json_object_get(doc, "schema"));
    if (!schema || strcmp(schema, BASELINE_SCHEMA) != 0)
        return sched_fail(err, SCHED_EINVAL, "%s: expected schema \"%s\", found \"%.60s\"", path, BASELINE_SCHEMA,
                          schema ? schema : "none");
    sched_error why = {0};
    sched_status status = environment_from_json(json_object_get(doc, "environment"), &b->env, &why);
    if (!status) status = figures_from_json(json_object_get(doc, "counters"), &b->counters, &why);
    if (!status && json_object_get(doc, "instructions"))
        status = figures_from_json(json_object_get(doc, "instructions"), &b->instructions, &why);
    b->blessed = json_incref(json_object_get(doc, "blessed"));
    return status ? sched_fail(err, status, "%s: %s", path, why.message) : SCHED_OK;
}

sched_status baseline_read(const char *path, baseline *ret_baseline, sched_error *err) {
    json_error_t where;
    FILE *file = fopen(path, "re");
    if (!file) return sched_fail(err, errno == ENOENT ? SCHED_ENOENT : SCHED_EIO, "%s: %s", path, strerror(errno));
    json_t *doc = json_loadf(file, JSON_REJECT_DUPLICATES, &where);
    fclose(file);
    if (!doc) return sched_fail(err, SCHED_EINVAL, "%s:%d:%d: %s", path, where.line, where.column, where.text);
    baseline b = {0};
    sched_status status = read_document(doc, path, &b, err);
    json_decref(doc);
    if (status)
        baseline_free(&b);
    else
        *ret_baseline = b;
    return status;
}

static sched_status add_reason(baseline *b, const char *reason, sched_error *err) {
    char today[16];
    time_t now = time(NULL);
    struct tm date;
    strftime(today, sizeof today, "%Y-%m-%d", gmtime_r(&now, &date));
    if (!json_is_array(b->blessed)) {
        json_decref(b->blessed);
        b->blessed = json_array();
    }
    json_t *text = json_string(reason);
    if (!text) return sched_fail(err, SCHED_EINVAL, "the reason is not UTF-8");
    json_array_append_new(b->blessed, json_pack("{s:s, s:o}", "on", today, "reason", text));
    while (json_array_size(b->blessed) > REASONS_MAX) json_array_remove(b->blessed, 0);
    return SCHED_OK;
}

/* Beside the file, then in its place. */
static sched_status write_file(const json_t *doc, const char *path, sched_error *err) {
    char beside[4096];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return sched_fail(err, SCHED_EINVAL, "%.80s...: the path is too long", path);
    FILE *file = fopen(beside, "we");
    if (!file) return sched_fail(err, SCHED_EIO, "%s: %s", beside, strerror(errno));
    int failed = json_dumpf(doc, file, JSON_INDENT(1) | JSON_REAL_PRECISION(BASELINE_DIGITS));
    failed |= fputs("\n", file) < 0;
    failed |= fclose(file);
    if (failed || rename(beside, path)) {
        int why = errno;
        unlink(beside);
        return sched_fail(err, SCHED_EIO, "%s: %s", path, strerror(why));
    }
    return SCHED_OK;
}

sched_status baseline_bless(baseline *b, const char *reason, const char *path, sched_error *err) {
    sched_status status = add_reason(b, reason, err);
    if (status) return status;
    json_t *doc = json_pack("{s:s, s:O, s:o, s:o}", "schema", BASELINE_SCHEMA, "blessed", b->blessed, "environment",
                            environment_to_json(&b->env), "counters", figures_to_json(&b->counters));
    if (b->instructions.count) json_object_set_new(doc, "instructions", figures_to_json(&b->instructions));
    status = write_file(doc, path, err);
    json_decref(doc);
    return status;
}

void baseline_free(baseline *b) {
    figures_free(&b->counters);
    figures_free(&b->instructions);
    json_decref(b->blessed);
    b->blessed = NULL;
}

void baseline_reason(const baseline *b, char *text, size_t size) {
    const json_t *last = json_array_get(b->blessed, json_array_size(b->blessed) - 1);
    const char *on = json_string_value(json_object_get(last, "on"));
    const char *reason = json_string_value(json_object_get(last, "reason"));
    snprintf(text, size, "%s%s%s", on ? on : "", on ? ": " : "", reason ? reason : "");
}
