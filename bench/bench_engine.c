/* bench_engine.c - the hold model (Jones 1986): a queue of constant size in which each event that runs adds the next one.
 *
 * The delays are exponential, drawn beforehand: it is the queue that is measured, not the logarithm. Their table fits into the
 * first-level cache beside what the queue touches. */
#include "bench/benchmarks.h"
#include "core/base/rng.h"
#include "sim/engine/engine.h"

enum { DELAYS = 2048, HOLDS = 5000000 };

typedef struct hold {
    engine *e;
    unsigned next;
    uint32_t delay[DELAYS]; /* usec */
} hold;

static void hold_on(void *arg) {
    hold *h = arg;
    engine_at(h->e, engine_now(h->e) + h->delay[h->next++ % DELAYS], hold_on, h);
}

static sched_status run_hold(bench_run *run, sched_error *err) {
    (void)err;
    hold h = {.e = engine_new(0)};
    rng draws;
    rng_init(&draws, 1, "hold", 0);
    for (int i = 0; i < DELAYS; i++) h.delay[i] = (uint32_t)rng_exponential(&draws, (double)USEC_PER_SEC);
    for (int64_t i = bench_number(run); i > 0; i--)
        engine_at(h.e, (usec_t)rng_exponential(&draws, (double)USEC_PER_SEC), hold_on, &h);

    int64_t holds = bench_work(run, HOLDS);
    while (bench_again(run)) {
        double began = bench_seconds();
        for (int64_t i = 0; i < holds; i++) engine_step(h.e);
        bench_record(run, 0, (double)holds / (bench_seconds() - began));
    }
    engine_free(h.e);
    return SCHED_OK;
}

static const bench_value pending[] = {{.number = 1000}, {.number = 10000}, {.number = 1000000}};

const benchmark bench_engine[] = {
    {
        .name = "engine.hold",
        .what = "one event runs and adds another, exponentially later",
        .param = "pending",
        .values = pending,
        .value_count = sizeof pending / sizeof *pending,
        .metrics = {{"events_per_s", "1/s"}},
        .run = run_hold,
    },
    {.name = NULL},
};
