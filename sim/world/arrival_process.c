/* arrival_process.c - each pattern drawn exactly, none by small steps of time.
 *
 * Bursts: exponential gaps forget, so a gap that outlasts the present state is thrown away and drawn anew at the change.
 * A day: thinning (Lewis and Shedler 1979): candidates come at the highest rate of the day, and each is taken with the chance
 * rate(t) / highest. */
#include "sim/world/arrival_process.h"

#include <assert.h>

enum { DAY_HOURS = 24 };

static double mean_gap(double rate) {
    return (double)USEC_PER_SEC / rate;
}

/* --- bursts ---------------------------------------------------------------------------------------------------------- */

static void enter_state(arrival_process *p, bool bursting, usec_t at) {
    const burst_pattern *bursts = &p->pattern->bursts;
    p->bursting = bursting;
    p->state_ends = at + 1 + (usec_t)rng_exponential(&p->states, (double)(bursting ? bursts->burst : bursts->calm));
}

static usec_t next_in_bursts(arrival_process *p, usec_t after) {
    usec_t at = after;
    for (;;) {
        double rate = p->bursting ? p->burst_rate : p->calm_rate;
        double left = (double)(p->state_ends - at);
        double gap = rate > 0 ? rng_exponential(&p->gaps, mean_gap(rate)) : left + 1;
        if (gap < left) return at + (usec_t)(gap + 0.5);
        at = p->state_ends;
        enter_state(p, !p->bursting, at);
    }
}

/* --- a day ----------------------------------------------------------------------------------------------------------- */

static double hour_at(const arrival_process *p, double since) {
    const day_pattern *day = &p->pattern->diurnal;
    double hour = day->begins + since / (double)day->day * DAY_HOURS;
    return hour - DAY_HOURS * (double)(int64_t)(hour / DAY_HOURS);
}

static usec_t next_of_day(arrival_process *p, usec_t after) {
    double since = (double)(after - p->began);
    do {
        since += rng_exponential(&p->gaps, mean_gap(p->day_most));
    } while (!rng_chance(&p->gaps, day_factor(&p->pattern->diurnal, hour_at(p, since)) * p->day_scale / p->day_most));
    return p->began + (usec_t)(since + 0.5);
}

/* --- all of them ----------------------------------------------------------------------------------------------------- */

void arrival_process_init(arrival_process *p, const arrivals *pattern, double rate, uint64_t seed, uint64_t group,
                          usec_t began, usec_t first) {
    assert(first >= began);
    *p = (arrival_process){.pattern = pattern, .rate = rate, .began = began, .first = first};
    rng_init(&p->gaps, seed, "arrivals", group);
    if (pattern->kind == ARRIVALS_BURSTS) {
        const burst_pattern *bursts = &pattern->bursts;
        bursts_rates(bursts, rate, &p->calm_rate, &p->burst_rate);
        rng_init(&p->states, seed, "bursts", group);
        enter_state(p, rng_chance(&p->states, (double)bursts->burst / (double)(bursts->calm + bursts->burst)), first);
    } else if (pattern->kind == ARRIVALS_DIURNAL) {
        p->day_scale = rate / day_mean(&pattern->diurnal);
        p->day_most = day_most(&pattern->diurnal) * p->day_scale;
    }
}

static usec_t next_of_trace(arrival_process *p) {
    const trace_pattern *trace = &p->pattern->trace;
    if (p->next_row == trace->row_count) return USEC_NEVER;
    return p->first + trace->rows[p->next_row++].at;
}

usec_t arrival_process_next(arrival_process *p, usec_t after) {
    switch (p->pattern->kind) {
    case ARRIVALS_POISSON: return after + (usec_t)(rng_exponential(&p->gaps, mean_gap(p->rate)) + 0.5);
    case ARRIVALS_BURSTS: return next_in_bursts(p, after);
    case ARRIVALS_DIURNAL: return next_of_day(p, after);
    case ARRIVALS_TRACE: return next_of_trace(p);
    default: return after + (usec_t)(mean_gap(p->rate) + 0.5);
    }
}

const trace_row *arrival_process_row(const arrival_process *p) {
    if (p->pattern->kind != ARRIVALS_TRACE || p->next_row == 0) return NULL;
    return &p->pattern->trace.rows[p->next_row - 1];
}
