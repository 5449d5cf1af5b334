/* speech_rate.h - how often the sessions of a scenario speak, and how to make them speak as often as somebody wants. */
#ifndef BENCH_LOAD_SPEECH_RATE_H
#define BENCH_LOAD_SPEECH_RATE_H

#include "sim/scenario/scenario.h"

/* Speeches per second of all sessions together, when all are there; long ones and turns in rooms are left out of account. */
double speech_rate_of(const scenario *sc);
/* Makes all pauses longer or shorter by one factor. SCHED_EINVAL: even without pauses it would be less, or pauses are rows of a
 * file. */
sched_status speech_rate_set(scenario *sc, double per_sec, sched_error *err);

#endif
