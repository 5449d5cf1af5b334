/* progress.c - the speed shown is that of the last second, not the mean: a run slows down under load, and the remaining time
 * should know. */
#include "sim/commands/progress.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "sim/commands/wall_seconds.h"

enum { WIDTH = 28 };

struct progress_bar {
    FILE *terminal;
    bool shown;
    double last_shown, mark_wall;
    usec_t mark_simulated;
    double speed; /* simulated seconds per second */
};

progress_bar *progress_new(FILE *terminal) {
    progress_bar *bar = mem_zalloc(1, sizeof *bar);
    bar->terminal = terminal;
    bar->mark_wall = wall_seconds();
    return bar;
}

progress_bar *progress_free(progress_bar *bar) {
    free(bar);
    return NULL;
}

static void measure_speed(progress_bar *bar, double wall, usec_t simulated) {
    double passed = wall - bar->mark_wall;
    if (passed <= 0 || (passed < 1 && bar->speed > 0)) return;
    bar->speed = (double)(simulated - bar->mark_simulated) / USEC_PER_SEC / passed;
    bar->mark_wall = wall;
    bar->mark_simulated = simulated;
}

void progress_show(progress_bar *bar, const simulation_progress *p) {
    static const char *const stages[] = {"", "  letting the last jobs end", "  nodes leave, TTLs pass"};
    double wall = bar->terminal ? wall_seconds() : 0;
    if (!bar->terminal || wall - bar->last_shown < 0.1) return;
    measure_speed(bar, wall, p->now);
    bar->last_shown = wall;
    bar->shown = true;
    usec_t done = p->now < p->duration ? p->now : p->duration;
    int filled = (int)(WIDTH * done / p->duration);
    fputs("\r\033[K[", bar->terminal);
    for (int i = 0; i < WIDTH; i++) fputc(i < filled ? '#' : '.', bar->terminal);
    fprintf(bar->terminal, "] %.0f/%.0f s  %.1fx  %" PRId64 " sessions  %" PRId64 " jobs", (double)done / USEC_PER_SEC,
            (double)p->duration / USEC_PER_SEC, bar->speed, p->sessions, p->jobs);
    if (p->waiting) fprintf(bar->terminal, " (%" PRId64 " wait)", p->waiting);
    if (p->stage == SIMULATION_RUNS && bar->speed > 0)
        fprintf(bar->terminal, "  %.0f s left", (double)(p->duration - done) / USEC_PER_SEC / bar->speed);
    fputs(stages[p->stage], bar->terminal);
    fflush(bar->terminal);
}

void progress_clear(progress_bar *bar) {
    if (!bar->shown) return;
    fputs("\r\033[K", bar->terminal);
    fflush(bar->terminal);
    bar->shown = false;
}
