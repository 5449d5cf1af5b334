/* oracle.c - arrivals in their order, departures from a heap; a departure comes before an arrival at the same instant.
 *
 * Lines are chains of job numbers: one for each language pair in the central queue, one for each node elsewhere.
 *
 * The shortest line is found by levels: level 0 are nodes with a free slot, level k those where k rounds of their slots are
 * spoken for, the last one all that is longer. Each level is a set of nodes; the lowest one that meets the pair's nodes is the answer. Ties are broken by
 * chance, else the first nodes would get everything. */
#include "sim/measure/oracle.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "sim/measure/oracle_fleet.h"

enum { LEVELS = 256, GUESSES = 32 };
#define NOBODY UINT32_MAX

typedef struct departure {
    usec_t at;
    uint64_t order; /* of the start: the tie-break */
    uint32_t place;
} departure;

typedef struct line {
    uint32_t head, tail; /* job numbers; NOBODY: empty */
} line;

typedef struct oracle {
    const oracle_fleet *fleet;
    const oracle_job *jobs;
    histogram *waits;
    rng draws;
    departure *heap;
    size_t departures;
    uint64_t starts;
    int64_t *busy, *standing; /* by place: slots in use; jobs in the line */
    uint32_t *next;           /* by job: who stands behind it */
    line *lines;              /* by place; central queue: by pair */
    uint64_t *idle;           /* central queue: places with a free slot */
    uint32_t *waiting_pairs;  /* central queue: pairs whose line is not empty */
    size_t waiting_count;
    uint64_t *level[LEVELS];
    size_t level_size[LEVELS];
} oracle;

static const char *const names[ORACLES] = {
    [ORACLE_CENTRAL_QUEUE] = "central_queue",
    [ORACLE_SHORTEST_QUEUE] = "shortest_queue",
    [ORACLE_RANDOM] = "random",
};

const char *oracle_name(oracle_kind kind) {
    assert(kind >= 0 && kind < ORACLES);
    return names[kind];
}

/* ---- departures ----------------------------------------------------------------------------------------------------- */

static bool earlier(const departure *a, const departure *b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void push(oracle *o, departure d) {
    size_t i = o->departures++;
    while (i > 0 && earlier(&d, &o->heap[(i - 1) / 2])) {
        o->heap[i] = o->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    o->heap[i] = d;
}

static departure pop(oracle *o) {
    departure first = o->heap[0], last = o->heap[--o->departures];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < o->departures; i = child) {
        if (child + 1 < o->departures && earlier(&o->heap[child + 1], &o->heap[child])) child++;
        if (!earlier(&o->heap[child], &last)) break;
        o->heap[i] = o->heap[child];
    }
    o->heap[i] = last;
    return first;
}

/* ---- lines ---------------------------------------------------------------------------------------------------------- */

static void join(oracle *o, line *l, uint32_t job) {
    o->next[job] = NOBODY;
    if (l->head == NOBODY)
        l->head = job;
    else
        o->next[l->tail] = job;
    l->tail = job;
}

static uint32_t leave(const oracle *o, line *l) {
    uint32_t job = l->head;
    l->head = o->next[job];
    return job;
}

static void start(oracle *o, uint32_t job, size_t place, usec_t now) {
    const oracle_job *j = &o->jobs[job];
    o->busy[place]++;
    if (j->measured) histogram_record(o->waits, now - j->arrived);
    usec_t takes = (usec_t)((double)j->work / o->fleet->nodes[place].speed + 0.5);
    push(o, (departure){now + takes, o->starts++, (uint32_t)place});
}

/* ---- one line for all ----------------------------------------------------------------------------------------------- */

static uint32_t pair_of(const oracle *o, const oracle_job *j) {
    return (uint32_t)j->src * o->fleet->languages + j->tgt;
}

static void central_arrival(oracle *o, uint32_t job) {
    const oracle_job *j = &o->jobs[job];
    int64_t place = fleet_find(o->fleet, o->idle, j->src, j->tgt, 0);
    if (place >= 0) {
        start(o, job, (size_t)place, j->arrived);
        if (o->busy[place] == o->fleet->nodes[place].slots) bit_set(o->idle, (size_t)place, false);
        return;
    }
    line *l = &o->lines[pair_of(o, j)];
    if (l->head == NOBODY) o->waiting_pairs[o->waiting_count++] = pair_of(o, j);
    join(o, l, job);
}

/* Jobs are numbered by arrival, so the lowest number has waited longest. */
static void central_departure(oracle *o, size_t place, usec_t now) {
    size_t best = SIZE_MAX;
    uint32_t longest = NOBODY;
    for (size_t i = 0; i < o->waiting_count; i++) {
        uint32_t job = o->lines[o->waiting_pairs[i]].head;
        if (job < longest && fleet_serves(o->fleet, place, o->jobs[job].src, o->jobs[job].tgt)) {
            longest = job;
            best = i;
        }
    }
    if (longest == NOBODY) {
        bit_set(o->idle, place, true);
        return;
    }
    line *l = &o->lines[o->waiting_pairs[best]];
    start(o, leave(o, l), place, now);
    if (l->head == NOBODY) o->waiting_pairs[best] = o->waiting_pairs[--o->waiting_count];
}

/* ---- a line at each node -------------------------------------------------------------------------------------------- */

static size_t level_of(const oracle *o, size_t place) {
    int64_t slots = o->fleet->nodes[place].slots, inside = o->busy[place] + o->standing[place];
    int64_t level = inside < slots ? 0 : (inside - slots) / slots + 1;
    return level < LEVELS ? (size_t)level : LEVELS - 1;
}

static void move_level(oracle *o, size_t place, size_t from) {
    size_t to = level_of(o, place);
    if (!o->level[0] || from == to) return;
    bit_set(o->level[from], place, false);
    bit_set(o->level[to], place, true);
    o->level_size[from]--;
    o->level_size[to]++;
}

static size_t shortest(oracle *o, const oracle_job *j) {
    size_t from = (size_t)rng_below(&o->draws, o->fleet->words);
    for (size_t k = 0; k < LEVELS; k++) {
        int64_t place = o->level_size[k] ? fleet_find(o->fleet, o->level[k], j->src, j->tgt, from) : -1;
        if (place >= 0) return (size_t)place;
    }
    abort(); /* arrive() has seen that somebody serves the pair */
}

/* Guessing is quick where many serve the pair, counting where few do. */
static size_t anybody(oracle *o, const oracle_job *j) {
    for (int i = 0; i < GUESSES; i++) {
        size_t place = (size_t)rng_below(&o->draws, o->fleet->count);
        if (fleet_serves(o->fleet, place, j->src, j->tgt)) return place;
    }
    return fleet_nth(o->fleet, j->src, j->tgt, (size_t)rng_below(&o->draws, fleet_serving(o->fleet, j->src, j->tgt)));
}

static void node_arrival(oracle *o, uint32_t job, size_t place) {
    size_t level = level_of(o, place);
    if (o->busy[place] < o->fleet->nodes[place].slots) {
        start(o, job, place, o->jobs[job].arrived);
    } else {
        join(o, &o->lines[place], job);
        o->standing[place]++;
    }
    move_level(o, place, level);
}

static void node_departure(oracle *o, size_t place, usec_t now) {
    if (o->lines[place].head == NOBODY) return;
    o->standing[place]--;
    start(o, leave(o, &o->lines[place]), place, now);
}

/* ---- the run -------------------------------------------------------------------------------------------------------- */

static void depart_until(oracle *o, oracle_kind kind, usec_t until) {
    while (o->departures > 0 && o->heap[0].at <= until) {
        departure d = pop(o);
        size_t level = level_of(o, d.place);
        o->busy[d.place]--;
        if (kind == ORACLE_CENTRAL_QUEUE)
            central_departure(o, d.place, d.at);
        else
            node_departure(o, d.place, d.at);
        move_level(o, d.place, level);
    }
}

static void arrive(oracle *o, oracle_kind kind, uint32_t job) {
    const oracle_job *j = &o->jobs[job];
    if (fleet_find(o->fleet, NULL, j->src, j->tgt, 0) < 0) return;
    if (kind == ORACLE_CENTRAL_QUEUE)
        central_arrival(o, job);
    else
        node_arrival(o, job, kind == ORACLE_SHORTEST_QUEUE ? shortest(o, j) : anybody(o, j));
}

static void open_oracle(oracle *o, oracle_kind kind, size_t jobs) {
    const oracle_fleet *f = o->fleet;
    size_t slots = 0, pairs = (size_t)f->languages * f->languages;
    size_t lines = kind == ORACLE_CENTRAL_QUEUE ? pairs : f->count;
    for (size_t i = 0; i < f->count; i++) slots += (size_t)f->nodes[i].slots;
    o->heap = mem_zalloc(slots, sizeof *o->heap);
    o->busy = mem_zalloc(f->count, sizeof *o->busy);
    o->standing = mem_zalloc(f->count, sizeof *o->standing);
    o->next = mem_zalloc(jobs + 1, sizeof *o->next);
    o->lines = mem_zalloc(lines + 1, sizeof *o->lines);
    for (size_t i = 0; i < lines; i++) o->lines[i].head = NOBODY;
    o->idle = mem_zalloc(f->words, sizeof *o->idle);
    o->waiting_pairs = mem_zalloc(pairs + 1, sizeof *o->waiting_pairs);
    for (size_t k = 0; kind == ORACLE_SHORTEST_QUEUE && k < LEVELS; k++)
        o->level[k] = mem_zalloc(f->words, sizeof *o->level[k]);
    for (size_t i = 0; i < f->count; i++) {
        bit_set(o->idle, i, true);
        if (o->level[0]) bit_set(o->level[0], i, true);
    }
    o->level_size[0] = f->count;
}

static void close_oracle(oracle *o) {
    free(o->heap);
    free(o->busy);
    free(o->standing);
    free(o->next);
    free(o->lines);
    free(o->idle);
    free(o->waiting_pairs);
    for (size_t k = 0; k < LEVELS; k++) free(o->level[k]);
}

void oracle_run(oracle_fleet *f, oracle_kind kind, const oracle_job *jobs, size_t count, uint64_t seed,
                histogram *waits) {
    assert(count < NOBODY);
    fleet_sort(f);
    oracle o = {.fleet = f, .jobs = jobs, .waits = waits};
    rng_init(&o.draws, seed, "oracle", (uint64_t)kind);
    open_oracle(&o, kind, count);
    for (size_t i = 0; i < count; i++) {
        assert(i == 0 || jobs[i].arrived >= jobs[i - 1].arrived);
        depart_until(&o, kind, jobs[i].arrived);
        arrive(&o, kind, (uint32_t)i);
    }
    depart_until(&o, kind, INT64_MAX);
    close_oracle(&o);
}
