/* fault.c - what goes wrong: at its time a fault takes hold of its nodes, and lets go of the same ones when it is over.
 *
 * Who is hit is drawn when the world starts, from a stream of the fault alone. */
#include "sim/world/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

typedef struct fault_run {
    world *w;
    const fault *what;
    node_hold *hit;
    int64_t count;
} fault_run;

static void tell(const fault_run *f, trace_kind kind) {
    bool one_group = fault_subject_of(f->what->kind) == FAULT_OF_NODES && !f->what->nodes.names;
    world_tell(f->w, (trace_event){.kind = kind,
                                   .code = fault_name((fault_kind)f->what->kind),
                                   .value = f->count,
                                   .node_index = -1,
                                   .group_index = one_group ? f->what->nodes.group : -1});
}

static void end_fault(void *arg) {
    const fault_run *f = arg;
    tell(f, TRACE_FAULT_END);
    if (fault_subject_of(f->what->kind) == FAULT_OF_REDIS) redis_fault_end(f->w, f->what);
    for (int64_t i = 0; i < f->count; i++) node_fault_end(&f->w->nodes[f->hit[i].node], &f->hit[i]);
}

static void begin_fault(void *arg) {
    fault_run *f = arg;
    if (f->w->closing) return;
    tell(f, TRACE_FAULT_BEGIN);
    if (fault_subject_of(f->what->kind) == FAULT_OF_REDIS) redis_fault_begin(f->w, f->what);
    for (int64_t i = 0; i < f->count; i++) node_fault_begin(&f->w->nodes[f->hit[i].node], &f->hit[i]);
    if (fault_is_instant((fault_kind)f->what->kind))
        end_fault(f);
    else if (f->what->lasts)
        engine_at(f->w->env.engine, world_now(f->w) + f->what->lasts, end_fault, f);
}

/* ---- who is hit ----------------------------------------------------------------------------------------------------- */

static int32_t find_node(const world *w, const char *id) {
    for (int32_t i = 0; i < w->node_count; i++)
        if (!strcmp(w->nodes[i].id, id)) return i;
    assert(false && "the scenario was checked: it has that node");
    return -1;
}

static void take_names(fault_run *f) {
    f->count = (int64_t)f->what->nodes.name_count;
    f->hit = mem_zalloc((size_t)f->count, sizeof *f->hit);
    for (int64_t i = 0; i < f->count; i++) f->hit[i].node = find_node(f->w, f->what->nodes.names[i]);
}

/* The first `count` of a shuffled list of the group's nodes. */
static void draw_nodes(fault_run *f, size_t number) {
    const world *w = f->w;
    int group = f->what->nodes.group;
    int64_t size = 0;
    f->hit = mem_zalloc((size_t)w->node_count, sizeof *f->hit);
    for (int32_t i = 0; i < w->node_count; i++)
        if (group < 0 || w->nodes[i].group_index == group) f->hit[size++].node = i;
    f->count = f->what->nodes.count < size ? f->what->nodes.count : size;
    rng r;
    rng_init(&r, w->seed, "fault", number);
    for (int64_t i = 0; i < f->count; i++) {
        int64_t other = i + (int64_t)rng_below(&r, (uint64_t)(size - i));
        int32_t taken = f->hit[other].node;
        f->hit[other].node = f->hit[i].node;
        f->hit[i].node = taken;
    }
}

sched_status outside_check_faults(const scenario *sc, sched_error *err) {
    for (size_t i = 0; i < sc->fault_count; i++)
        if (fault_subject_of(sc->faults[i].kind) != FAULT_OF_NODES)
            return sched_fail(err, SCHED_EINVAL, "the fault \"%s\" is not of nodes: instances elsewhere cannot have it",
                              fault_name((fault_kind)sc->faults[i].kind));
    return SCHED_OK;
}

void faults_start(world *w) {
    const scenario *sc = w->sc;
    w->faults = mem_zalloc(sc->fault_count, sizeof *w->faults);
    for (size_t i = 0; i < sc->fault_count; i++) {
        fault_run *f = &w->faults[i];
        f->w = w;
        f->what = &sc->faults[i];
        if (fault_subject_of(f->what->kind) == FAULT_OF_INSTANCE) {
            instance_fault_start(w, f->what, i);
            continue;
        }
        if (f->what->nodes.names)
            take_names(f);
        else if (fault_subject_of(f->what->kind) == FAULT_OF_NODES)
            draw_nodes(f, i);
        for (int64_t k = 0; k < f->count; k++) {
            f->hit[k].what = f->what;
            f->hit[k].number = i;
        }
        engine_at(w->env.engine, w->began + f->what->at, begin_fault, f);
    }
}

void faults_free(world *w) {
    for (size_t i = 0; w->faults && i < w->sc->fault_count; i++) free(w->faults[i].hit);
    free(w->faults);
    instance_faults_free(w);
}
