/* slo.c - a figure is a subject and a statistic; which statistics a subject has is a table, so that the names for the
 * suggestion, the parser and the list in messages come from one place. */
#include "sim/scenario/slo.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "core/base/settings_print.h"
#include "core/base/suggest.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/base/yaml_bind.h"

static const char *const op_names[SLO_OPS] = {"<", "<=", ">", ">=", "==", "!="};
static const char *const stat_names[SLO_STATS] = {"", "_mean", "_p50", "_p90", "_p95", "_p99", "_p999", "_max"};
static const double percentiles[SLO_STATS] =
    {[SLO_P50] = 50, [SLO_P90] = 90, [SLO_P95] = 95, [SLO_P99] = 99, [SLO_P999] = 99.9};

enum { STAT = 1, NONE = STAT << SLO_NONE, MEAN_MAX = STAT << SLO_MEAN | STAT << SLO_MAX };
enum { LATENCY = MEAN_MAX | STAT << SLO_P50 | STAT << SLO_P90 | STAT << SLO_P95 | STAT << SLO_P99 | STAT << SLO_P999 };

static const struct {
    const char *name;
    slo_unit unit;
    unsigned stats; /* a bit for each that it has */
} subjects[SLO_SUBJECTS] = {
    [SLO_PLACEMENT] = {"placement", SLO_USEC, LATENCY},
    [SLO_DISPATCH] = {"dispatch", SLO_USEC, LATENCY},
    [SLO_QUEUE_WAIT] = {"queue_wait", SLO_USEC, LATENCY},
    [SLO_SERVICE] = {"service", SLO_USEC, LATENCY},
    [SLO_E2E] = {"e2e", SLO_USEC, LATENCY},
    [SLO_DASHBOARD] = {"dashboard", SLO_USEC, LATENCY},
    [SLO_DASHBOARD_AGE] = {"dashboard_age", SLO_USEC, LATENCY},
    [SLO_UTILISATION] = {"utilisation", SLO_SHARE, MEAN_MAX},
    [SLO_REFUSED] = {"refused", SLO_SHARE, NONE},
    [SLO_FAILED] = {"failed", SLO_SHARE, NONE},
    [SLO_TIMED_OUT] = {"timed_out", SLO_SHARE, NONE},
    [SLO_LOST] = {"lost", SLO_COUNT, NONE},
    [SLO_DOUBLED] = {"doubled", SLO_COUNT, NONE},
    [SLO_RETRIED] = {"retried", SLO_COUNT, NONE},
    [SLO_OVER_COMMITS] = {"over_commits", SLO_COUNT, NONE},
    [SLO_CANCELLED] = {"cancelled", SLO_SHARE, NONE},
    [SLO_AFFINITY_KEPT] = {"affinity_kept", SLO_SHARE, NONE},
    [SLO_CUTS_TIMEOUT] = {"cuts_timeout", SLO_COUNT, NONE},
    [SLO_CUTS_MAX_DURATION] = {"cuts_max_duration", SLO_COUNT, NONE},
    [SLO_EMPTY_CUTS] = {"empty_cuts", SLO_COUNT, NONE},
    [SLO_MISSING] = {"missing", SLO_COUNT, NONE},
    [SLO_LATE_DROPPED] = {"late_dropped", SLO_COUNT, NONE},
    [SLO_RESENT] = {"resent", SLO_COUNT, NONE},
    [SLO_KNOWN] = {"known", SLO_COUNT, NONE},
    [SLO_VANISHED] = {"vanished", SLO_COUNT, NONE},
    [SLO_CLOSED_AT_LIMIT] = {"closed_at_limit", SLO_COUNT, NONE},
    [SLO_HEARD] = {"heard", SLO_COUNT, NONE},
    [SLO_DEGRADED] = {"degraded", SLO_COUNT, NONE},
    [SLO_DRAINED] = {"drained", SLO_COUNT, NONE},
    [SLO_MARKED] = {"marked", SLO_COUNT, NONE},
    [SLO_OUTAGES] = {"outages", SLO_COUNT, NONE},
    [SLO_DEPENDENCY_LOST] = {"dependency_lost", SLO_COUNT, NONE},
};

enum { FIGURES_MAX = SLO_SUBJECTS * SLO_STATS };

/* Every figure in the order of the tables: i counts over subject and statistic. False when that one does not exist. */
static bool figure_at(int i, slo *ret_slo) {
    slo_subject subject = (slo_subject)(i / SLO_STATS);
    slo_stat stat = (slo_stat)(i % SLO_STATS);
    if (!(subjects[subject].stats & (unsigned)STAT << stat)) return false;
    *ret_slo = (slo){.subject = subject, .stat = stat, .unit = subjects[subject].unit};
    return true;
}

const char *slo_figure(char name[SLO_TEXT_MAX + 1], const slo *objective) {
    snprintf(name, SLO_TEXT_MAX + 1, "%s%s", subjects[objective->subject].name, stat_names[objective->stat]);
    return name;
}

double slo_percentile(slo_stat stat) {
    return percentiles[stat];
}

static sched_status find_figure(const char *name, slo *ret_slo, sched_error *err) {
    char names[FIGURES_MAX][SLO_TEXT_MAX + 1], quoted[40], hint[SUGGEST_TEXT_MAX];
    suggest near = suggest_for(name);
    for (int i = 0; i < FIGURES_MAX; i++) {
        if (!figure_at(i, ret_slo)) continue;
        if (!strcmp(slo_figure(names[i], ret_slo), name)) return SCHED_OK;
        suggest_offer(&near, names[i]);
    }
    return sched_fail(err, SCHED_EINVAL, "\"%s\" is no figure%s", text_one_line(quoted, sizeof quoted, name),
                      near.best ? suggest_text(&near, hint)
                                : ": expected one such as e2e_p95, queue_wait_max, refused, lost or utilisation_mean");
}

/* Two characters before one, so that "<=" is not taken for "<". */
static bool find_op(const char *at, slo_op *ret_op) {
    for (size_t len = 2; len > 0; len--) {
        for (int i = 0; i < SLO_OPS; i++) {
            if (strlen(op_names[i]) != len || strncmp(at, op_names[i], len) != 0) continue;
            *ret_op = (slo_op)i;
            return true;
        }
    }
    return false;
}

static sched_status parse_value(const char *text, slo *objective, sched_error *err) {
    sched_status status = SCHED_OK;
    usec_t usec = 0;
    int64_t count = 0;
    switch (objective->unit) {
    case SLO_USEC:
        status = units_parse_duration(text, &usec, err);
        objective->value = (double)usec;
        break;
    case SLO_SHARE: status = units_parse_share(text, &objective->value, err); break;
    case SLO_COUNT:
        status = units_parse_count(text, &count, err);
        objective->value = (double)count;
        break;
    }
    return status;
}

sched_status slo_parse(const char *text, slo *ret_slo, sched_error *err) {
    char packed[SLO_TEXT_MAX + 1], name[SLO_TEXT_MAX + 1], quoted[40];
    size_t len = 0;
    text_one_line(quoted, sizeof quoted, text);
    for (const char *c = text; *c; c++) {
        if (isspace((unsigned char)*c)) continue;
        if (len == SLO_TEXT_MAX) {
            return sched_fail(err, SCHED_EINVAL, "\"%s\" is longer than %d characters", quoted, SLO_TEXT_MAX);
        }
        packed[len++] = *c;
    }
    packed[len] = '\0';

    slo figure;
    slo_op op;
    size_t name_len = strcspn(packed, "<>=!");
    if (!find_op(packed + name_len, &op)) {
        return sched_fail(err, SCHED_EINVAL,
                          "\"%s\" compares nothing: expected a figure, one of < <= > >= == !=, a value", quoted);
    }
    snprintf(name, sizeof name, "%.*s", (int)name_len, packed);
    sched_status status = find_figure(name, &figure, err);
    if (status) return status;
    figure.op = op;
    status = parse_value(packed + name_len + strlen(op_names[op]), &figure, err);
    if (status) return status;
    memcpy(figure.text, packed, len + 1);
    *ret_slo = figure;
    return SCHED_OK;
}

bool slo_holds(const slo *objective, double measured) {
    switch (objective->op) {
    case SLO_LT: return measured < objective->value;
    case SLO_LE: return measured <= objective->value;
    case SLO_GT: return measured > objective->value;
    case SLO_GE: return measured >= objective->value;
    case SLO_EQ: return measured >= objective->value && measured <= objective->value;
    case SLO_NE: return measured < objective->value || measured > objective->value;
    case SLO_OPS: break;
    }
    return false;
}

static sched_status read_slo(const yaml_value *v, void *field, sched_error *err) {
    sched_error inner = {0};
    sched_status status = yaml_expect(v, YAML_TEXT, "slo", err);
    if (status) return status;
    if (slo_parse(yaml_text(v), field, &inner)) return yaml_fail(v, err, "slo: %s", inner.message);
    return SCHED_OK;
}

static void print_slo(const void *field, FILE *out) {
    yaml_write_text(out, ((const slo *)field)->text);
}

const setting_type slo_type = {"objectives such as \"e2e_p95<1500ms\", \"refused<0.1%\", \"lost==0\"", read_slo,
                               print_slo, NULL};
