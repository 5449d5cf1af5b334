/* sweep_progress.c - the remaining time is told from the runs of this sweep that ended, as if the others were like them. */
#include "sim/commands/sweep_progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "sim/commands/wall_seconds.h"

struct sweep_progress {
    FILE *out; /* NULL: silent */
    const char *command;
    bool terminal, shown;
    size_t all, kept, ended, failed;
    int running;
    double began;
};

sweep_progress *sweep_progress_new(FILE *out, const char *command, size_t all, size_t kept, int jobs) {
    sweep_progress *p = mem_zalloc(1, sizeof *p);
    *p = (sweep_progress){.out = out, .command = command, .all = all, .kept = kept, .began = wall_seconds()};
    p->terminal = out && isatty(fileno(out));
    if (out && kept)
        fprintf(out, "%s: %zu of %zu runs are kept from before; --fresh runs them again\n", command, kept, all);
    if (out && !p->terminal) fprintf(out, "%s: %zu runs, %d at once\n", command, all - kept, jobs);
    return p;
}

sweep_progress *sweep_progress_free(sweep_progress *p) {
    if (p) sweep_progress_clear(p);
    free(p);
    return NULL;
}

void sweep_progress_clear(sweep_progress *p) {
    if (p->shown) fputs("\r\033[K", p->out);
    p->shown = false;
}

void sweep_progress_show(sweep_progress *p) {
    if (!p->terminal) return;
    size_t done = p->kept + p->ended;
    sweep_progress_clear(p);
    fprintf(p->out, "%s: %zu of %zu runs done, %d running", p->command, done, p->all, p->running);
    if (p->failed) fprintf(p->out, ", %zu failed", p->failed);
    if (p->ended && done < p->all)
        fprintf(p->out, ", about %.0f s left",
                (wall_seconds() - p->began) / (double)p->ended * (double)(p->all - done));
    fflush(p->out);
    p->shown = true;
}

void sweep_progress_began(sweep_progress *p) {
    p->running++;
    sweep_progress_show(p);
}

static void tell(const sweep_progress *p, const sweep_view *v, size_t cell) {
    const sweep_cell *c = &v->cells[cell];
    fprintf(p->out, "%s: %zu of %zu:", p->command, p->kept + p->ended, p->all);
    for (size_t i = 0; i < sweep_axes(v->plan); i++)
        fprintf(p->out, " %s=%s", sweep_axis(v->plan, i), sweep_value(v->plan, cell / (size_t)v->runs, i));
    fprintf(p->out, " seed %" PRId64 ": %s\n", c->seed,
            c->state == CELL_WAITS    ? "interrupted"
            : c->state == CELL_BROKEN ? "error"
            : c->result.pass          ? "pass"
                                      : "fail");
    fflush(p->out);
}

void sweep_progress_ended(sweep_progress *p, const sweep_view *v, size_t cell) {
    const sweep_cell *c = &v->cells[cell];
    p->running--;
    p->ended++;
    p->failed += c->state == CELL_BROKEN || (c->state == CELL_ENDED && !c->result.pass);
    if (p->out && !p->terminal) tell(p, v, cell);
    sweep_progress_show(p);
}
