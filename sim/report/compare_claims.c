/* compare_claims.c - what was once said of each phase, what this run says, and by which mechanisms columns differ.
 *
 * The claims were never measured when they were made. What a run can say: whether it carried the load that it had, and how far the
 * busiest part was from having no idle time left. */
#include "sim/report/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/settings_print.h"

static const struct {
    const char *phase, *nodes, *sessions, *requests;
} claims[] = {
    {"0", "< 100", "< 1,000", "< 100"},
    {"1", "< 500", "< 5,000", "< 500"},
    {"2", "< 5,000", "< 50,000", "< 5,000"},
    {"3", "unlimited", "unlimited", "> 10,000"},
};

compare_claim compare_claim_of(const compare *c, size_t column) {
    const compare_column *col = &c->column[column];
    double requests = compare_interval(c, column, COMPARE_REQUESTS_PER_S).mean;
    double submitted = compare_interval(c, column, COMPARE_SUBMITTED).mean;
    double decisions = compare_interval(c, column, COMPARE_DECISIONS).mean;
    double gone = compare_interval(c, column, COMPARE_LOST).mean + compare_interval(c, column, COMPARE_DOUBLED).mean;
    double bad = compare_interval(c, column, COMPARE_REFUSED).mean + compare_interval(c, column, COMPARE_FAILED).mean +
                 compare_interval(c, column, COMPARE_TIMED_OUT).mean;
    compare_claim claim = {.here_nodes = (double)col->nodes,
                           .here_sessions = col->sessions,
                           .here_requests = requests,
                           .carried = submitted > 0 && gone <= 0 && bad <= submitted / 1000,
                           .at_saturation = requests > 0 ? col->sessions * decisions / requests : (double)NAN};
    for (size_t i = 0; col->is_phase && i < sizeof claims / sizeof *claims; i++) {
        if (strcmp(claims[i].phase, col->config.phase) != 0) continue;
        claim.nodes = claims[i].nodes;
        claim.sessions = claims[i].sessions;
        claim.requests = claims[i].requests;
    }
    return claim;
}

/* ---- mechanisms ----------------------------------------------------------------------------------------------------- */

static void print_value(const setting *row, const void *section, char text[COMPARE_TEXT_MAX]) {
    const setting one[] = {*row, {.name = NULL}};
    char *dump = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&dump, &len);
    *text = '\0';
    if (!out) return;
    settings_dump(one, section, out, 0);
    fclose(out);
    const char *value = strchr(dump, ':');
    if (value) snprintf(text, COMPARE_TEXT_MAX, "%s", value + 1 + strspn(value + 1, " "));
    text[strcspn(text, "\n")] = '\0';
    free(dump);
}

static bool differs(const compare *c, const compare_mechanism *m) {
    for (size_t i = 1; i < c->columns; i++) {
        if (strcmp(m->value[i], m->value[0]) != 0) return true;
    }
    return false;
}

/* Rows of one table that are not the same in all columns, but for the name of the phase. */
static size_t differing_rows(const compare *c, const setting *rows, size_t section_offset, compare_mechanism *ret,
                             size_t n) {
    for (const setting *row = rows; row->name && n < COMPARE_MECHANISMS_MAX; row++) {
        compare_mechanism *m = &ret[n];
        m->name = row->name;
        for (size_t i = 0; i < c->columns; i++)
            print_value(row, (const char *)&c->column[i].config + section_offset, m->value[i]);
        n += strcmp(row->name, "phase") != 0 && differs(c, m);
    }
    return n;
}

size_t compare_mechanisms(const compare *c, compare_mechanism ret_mechanisms[COMPARE_MECHANISMS_MAX]) {
    compare_mechanism *m = &ret_mechanisms[0];
    m->name = "instances";
    for (size_t i = 0; i < c->columns; i++) snprintf(m->value[i], COMPARE_TEXT_MAX, "%" PRId64, c->column[i].instances);
    size_t n = differs(c, m);
    n = differing_rows(c, scheduler_settings, 0, ret_mechanisms, n);
    n = differing_rows(c, instance_config_rows, offsetof(scheduler_config, instance), ret_mechanisms, n);
    return differing_rows(c, scheduler_incident_settings, offsetof(scheduler_config, incidents), ret_mechanisms, n);
}
