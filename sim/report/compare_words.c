/* compare_words.c - what terminal and both pages say, so that they cannot say different things. */
#include "sim/report/compare_pages.h"

#include <inttypes.h>
#include <math.h>

void compare_heading(const compare_page *p, FILE *out) {
    const compare *c = p->compare;
    fprintf(out, "%s, compared: %zu columns · seed %" PRId64, c->name, c->columns, c->first_seed);
    if (c->runs > 1) fprintf(out, " .. %" PRId64, c->first_seed + c->runs - 1);
}

void compare_method(const compare_page *p, FILE *out) {
    const compare *c = p->compare;
    fprintf(out, "The same scenario, %.0f s of simulated time, the first %.0f s of it warm-up, was run in each column ",
            c->duration_s, c->warmup_s);
    if (c->runs > 1)
        fprintf(out,
                "under the same %" PRId64
                " seeds. Figures are means over the runs with their 95 %% interval (Student's t). "
                "Differences are taken seed by seed; one is told when its interval does not hold 0 and it is not below "
                "2 %%.",
                c->runs);
    else
        fputs("once, under the same seed. Differences below 5 % are taken for chance; --runs gives intervals.", out);
}

void compare_claims_note(const compare_page *p, FILE *out) {
    (void)p;
    fputs("The claims are those of the time when the phases were made; they were never measured then. \"Carried it\": "
          "nothing was lost or answered twice, and 99.9 % of the requests were answered well. Sessions at saturation: "
          "how many like these there could be before the scheduler or Redis is never idle, nodes permitting.",
          out);
}

const char *const compare_claim_heads[CLAIM_CELLS] = {
    "",
    "nodes claimed",
    "sessions claimed",
    "requests/s claimed",
    "nodes here",
    "sessions here",
    "requests/s here",
    "carried it",
    "sessions at saturation",
};

void compare_claim_cells(const compare *c, size_t column, char ret_cells[CLAIM_CELLS][COMPARE_TEXT_MAX]) {
    compare_claim claim = compare_claim_of(c, column);
    const char *claimed[] = {claim.nodes, claim.sessions, claim.requests};
    const double here[] = {claim.here_nodes, claim.here_sessions, claim.here_requests};
    snprintf(ret_cells[0], COMPARE_TEXT_MAX, "%s", c->column[column].name);
    for (int i = 0; i < 3; i++) {
        snprintf(ret_cells[1 + i], COMPARE_TEXT_MAX, "%s", claimed[i] ? claimed[i] : "-");
        snprintf(ret_cells[4 + i], COMPARE_TEXT_MAX,
                 isnan(here[i])            ? "-"
                 : here[i] < 100 && i == 2 ? "%.1f"
                                           : "%.0f",
                 here[i]);
    }
    snprintf(ret_cells[7], COMPARE_TEXT_MAX, "%s", !c->column[column].ended ? "-" : claim.carried ? "yes" : "no");
    snprintf(ret_cells[8], COMPARE_TEXT_MAX, isnan(claim.at_saturation) ? "-" : "%.0f", claim.at_saturation);
}
