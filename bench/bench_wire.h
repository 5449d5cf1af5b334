/* bench_wire.h - the four messages of an utterance, for whoever counts or times them besides `run codec`. */
#ifndef BENCH_BENCH_WIRE_H
#define BENCH_BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

typedef struct bench_texts bench_texts;

/* With so many bytes of sound in them; bench_wire_close(). */
sched_status bench_wire_open(int64_t sound, bench_texts **ret_texts, sched_error *err);
void bench_wire_close(bench_texts *t);
/* Two read, two written; tells their bytes. */
size_t bench_wire_four(const bench_texts *t);

#endif
