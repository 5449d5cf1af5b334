/* interrupt.h - SIGINT and SIGTERM, asked for (sigpending) instead of handled, so that no state lies outside of a function. */
#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

#include <stdbool.h>

void interrupts_hold(void);
bool interrupt_pending(void);

#endif
