/* speech_rate.c - a session speaks once in (mean utterance + mean pause); the factor is found by halving. */
#include "bench/load/speech_rate.h"

#include <math.h>

#define FACTOR_MAX 1e6

enum { HALVINGS = 200 };

static double sessions_of(const session_group *g) {
    if (g->concurrent > 0) return (double)g->concurrent;
    return g->rate * dist_mean(&g->length) / (double)USEC_PER_SEC;
}

static double rate_with(const scenario *sc, double factor) {
    double sum = 0;
    for (size_t i = 0; i < sc->session_group_count; i++) {
        const session_group *g = &sc->session_groups[i];
        double period = dist_mean(&g->talk.utterance) + factor * dist_mean(&g->talk.pause);
        if (period > 0) sum += sessions_of(g) * (double)USEC_PER_SEC / period;
    }
    return sum;
}

double speech_rate_of(const scenario *sc) {
    return rate_with(sc, 1);
}

static void stretch(dist *d, double factor) {
    d->mean *= factor;
    d->min *= factor;
    if (!isinf(d->max)) d->max *= factor;
}

sched_status speech_rate_set(scenario *sc, double per_sec, sched_error *err) {
    double low = 0, high = FACTOR_MAX, most = rate_with(sc, 0);
    for (size_t i = 0; i < sc->session_group_count; i++)
        if (sc->session_groups[i].talk.pause.kind == DIST_SAMPLE)
            return sched_fail(err, SCHED_EINVAL, "the pauses of \"%s\" are rows of a file: they keep their length",
                              sc->session_groups[i].name);
    if (!(per_sec > 0) || per_sec >= most)
        return sched_fail(err, SCHED_EINVAL,
                          "%g/s: these sessions speak at most %.1f times per second, without any pause", per_sec, most);
    for (int i = 0; i < HALVINGS; i++) {
        double middle = i < HALVINGS / 2 ? sqrt((low > 1e-9 ? low : 1e-9) * high) : (low + high) / 2;
        if (rate_with(sc, middle) > per_sec)
            low = middle;
        else
            high = middle;
    }
    for (size_t i = 0; i < sc->session_group_count; i++) stretch(&sc->session_groups[i].talk.pause, high);
    return SCHED_OK;
}
