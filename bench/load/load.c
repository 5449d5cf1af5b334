/* load.c - the simulator's world on the machine's clock, with instances that are elsewhere.
 *
 * Time is walked in steps of 50 ms, between which somebody may look at the load or end it; events keep their instants, whatever the
 * step. */
#include "bench/load/load.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "sim/world/world.h"

#define STEP        (50 * USEC_PER_MSEC)
#define ROUND_EVERY USEC_PER_SEC
#define CLOSE_LIMIT (15 * USEC_PER_SEC)
#define GRACE       (2 * USEC_PER_SEC) /* for those who are not connected at the end, or whose last words are not cut yet */

enum { LEAVING_NODES = 200, OTHER_FILES = 64 };

struct load {
    scenario sc; /* a copy that owns nothing */
    load_options options;
    engine *engine;
    clock_wall *clock;
    account *account;
    lines *lines;
    page_watch *pages;
    world *world;
    load_stage stage;
    usec_t start, next_round;
    lines_counts at_end;
    bool counted, marked;
};

/* ---- opening and closing ----------------------------------------------------------------------------------------------- */

static double expected_sessions(const scenario *sc) {
    double sum = 0;
    for (size_t i = 0; i < sc->session_group_count; i++) {
        const session_group *g = &sc->session_groups[i];
        sum += g->concurrent > 0 ? (double)g->concurrent : g->rate * dist_mean(&g->length) / (double)USEC_PER_SEC;
    }
    return sum;
}

/* Each connection is a file. */
static sched_status make_room(const scenario *sc, sched_error *err) {
    struct rlimit files;
    double need = expected_sessions(sc) * 1.2 + (double)scenario_total(sc).nodes + OTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &files)) return SCHED_OK;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max == RLIM_INFINITY || need <= (double)files.rlim_max) return SCHED_OK;
    return sched_fail(err, SCHED_FULL,
                      "about %.0f connections are needed, but this process may have %llu files (ulimit -n)", need,
                      (unsigned long long)files.rlim_max);
}

/* The instances are elsewhere, and what is modelled of them has no meaning. */
static void leave_out_instances(load *l) {
    l->sc.instances.count = l->options.target_count;
    l->sc.dashboards.count = 0;
}

static void open_parts(load *l) {
    const load_options *o = &l->options;
    int32_t nodes = (int32_t)scenario_total(&l->sc).nodes;
    l->start = engine_now(l->engine);
    l->next_round = l->start + l->sc.warmup;
    l->account = account_new(&(account_options){
        .warmup = l->start + l->sc.warmup,
        .end = l->start + l->sc.duration,
        .nodes = nodes,
    });
    l->lines = lines_new(&(lines_options){
        .engine = l->engine,
        .clock = l->clock,
        .account = l->account,
        .targets = o->targets,
        .node_token = o->node_token,
        .session_token = o->session_token,
        .audio_bytes = o->audio_bytes,
        .result_bytes = o->result_bytes,
        .late_max = o->late_max,
        .heartbeat = o->heartbeat,
        .nodes = nodes,
        .nonce = (uint32_t)(l->start / USEC_PER_MSEC) ^ (uint32_t)getpid() << 16,
    });
    l->pages = page_watch_new(&(page_watch_options){
        .loop = clock_wall_loop(l->clock),
        .targets = o->targets,
        .target_count = o->target_count,
        .paths = l->options.paths,
        .path_count = o->path_count,
        .token = o->admin_token,
        .histogram = "lingua_dispatch_seconds",
    });
}

static sched_status open_world(load *l, sched_error *err) {
    world_env env = {
        .engine = l->engine,
        .outside = lines_outside(l->lines),
        .trace = account_sink(l->account),
    };
    sched_status status = world_new(&l->sc, &env, &l->world, err);
    if (!status) lines_attach(l->lines, l->world);
    return status;
}

load *load_free(load *l) {
    if (!l) return NULL;
    page_watch_free(l->pages);
    lines_free(l->lines);
    world_free(l->world);
    account_free(l->account);
    clock_wall_free(l->clock);
    engine_free(l->engine);
    free(l);
    return NULL;
}

/* ---- walking ----------------------------------------------------------------------------------------------------------- */

static void read_watched(load *l, size_t which) {
    for (int i = 0; i < l->options.watched_count; i++)
        watched_read(&l->options.watched[i], (watched_reading *)((char *)&l->options.watched[i] + which));
}

static void ask_for_pages(load *l) {
    usec_t now = engine_now(l->engine);
    if (l->stage != LOAD_RUNS || now < l->next_round) return;
    l->next_round = now + ROUND_EVERY;
    page_watch_round(l->pages);
}

static sched_status step(load *l, usec_t until, sched_error *err) {
    usec_t at = engine_now(l->engine) + STEP;
    clock_wall_run(l->clock, at < until ? at : until);
    ask_for_pages(l);
    if (l->options.progress) l->options.progress(l->options.ctx, l);
    if (l->options.interrupted && l->options.interrupted()) return sched_fail(err, SCHED_EINTR, "interrupted");
    return SCHED_OK;
}

static sched_status walk(load *l, usec_t until, sched_error *err) {
    sched_status status = SCHED_OK;
    while (!status && engine_now(l->engine) < until) status = step(l, until, err);
    return status;
}

static sched_status run(load *l, sched_error *err) {
    read_watched(l, offsetof(watched, start));
    world_start(l->world);
    sched_status status = walk(l, l->start + l->sc.warmup, err);
    if (status) return status;
    page_watch_mark_begin(l->pages);
    read_watched(l, offsetof(watched, begin));
    l->marked = true;
    return walk(l, l->start + l->sc.duration, err);
}

/* Whatever the run came to. */
static void take_stock(load *l) {
    l->at_end = lines_count(l->lines);
    l->counted = true;
    if (!l->marked) return;
    read_watched(l, offsetof(watched, end));
    page_watch_mark_end(l->pages);
}

static bool somebody_sends_chunks(const load *l) {
    for (size_t i = 0; i < l->sc.session_group_count; i++)
        if (l->sc.session_groups[i].talk.granularity == TALK_CHUNK) return true;
    return false;
}

/* Somebody who is not connected may yet be, and say what waits; what came in chunks is cut by silence. */
static bool may_be_answered(const load *l, usec_t from) {
    const account_figures *f = account_figure(l->account);
    bool chunks = somebody_sends_chunks(l);
    usec_t grace = from + GRACE + (chunks ? l->sc.scheduler.pause : 0);
    return f->awaited > 0 || f->jobs_in_nodes > 0 || ((f->open > 0 || chunks) && engine_now(l->engine) < grace);
}

static sched_status drain(load *l, sched_error *err) {
    usec_t from = engine_now(l->engine), limit = from + l->options.patience;
    sched_status status = SCHED_OK;
    l->stage = LOAD_DRAINS;
    world_stop_speaking(l->world);
    while (!status && may_be_answered(l, from) && engine_now(l->engine) < limit) status = step(l, limit, err);
    return status;
}

static sched_status close_all(load *l, sched_error *err) {
    usec_t limit = engine_now(l->engine) + CLOSE_LIMIT;
    sched_status status = SCHED_OK;
    l->stage = LOAD_CLOSES;
    while (!status && lines_count(l->lines).sessions > 0 && engine_now(l->engine) < limit) {
        world_close_sessions(l->world);
        status = step(l, limit, err);
    }
    for (bool more = true; !status && more;) {
        more = world_disconnect_nodes(l->world, LEAVING_NODES);
        status = step(l, USEC_NEVER, err);
    }
    return status;
}

static sched_status go(load *l, sched_error *err) {
    sched_status status = run(l, err);
    take_stock(l);
    if (!status) status = drain(l, err);
    if (!status) status = close_all(l, err);
    account_close(l->account);
    return status;
}

sched_status load_run(const scenario *sc, const load_options *options, load **ret_load, sched_error *err) {
    sched_status status = make_room(sc, err);
    if (status) return status;
    load *l = mem_zalloc(1, sizeof *l);
    l->sc = *sc;
    l->options = *options;
    leave_out_instances(l);
    l->engine = engine_new(clock_wall_epoch());
    status = clock_wall_new(l->engine, &l->clock, err);
    if (!status) open_parts(l);
    if (!status) status = open_world(l, err);
    if (!status) status = go(l, err);
    if (status && status != SCHED_EINTR)
        load_free(l);
    else
        *ret_load = l;
    return status;
}

/* ---- what is known of it ----------------------------------------------------------------------------------------------- */

load_stage load_stage_of(const load *l) {
    return l->stage;
}

usec_t load_time(const load *l) {
    return engine_now(l->engine) - l->start;
}

usec_t load_window(const load *l) {
    usec_t time = load_time(l);
    if (time > l->sc.duration) time = l->sc.duration;
    return time > l->sc.warmup ? time - l->sc.warmup : 0;
}

const scenario *load_scenario(const load *l) {
    return &l->sc;
}

const load_options *load_options_of(const load *l) {
    return &l->options;
}

const account *load_account(const load *l) {
    return l->account;
}

const page_watch *load_pages(const load *l) {
    return l->pages;
}

lines_counts load_lines(const load *l) {
    return l->counted ? l->at_end : lines_count(l->lines);
}

lines_counts load_lines_now(const load *l) {
    return lines_count(l->lines);
}

const histogram *load_node_setup(const load *l) {
    return lines_node_setup(l->lines);
}

const histogram *load_session_setup(const load *l) {
    return lines_session_setup(l->lines);
}

const histogram *load_lateness(const load *l) {
    return clock_wall_lateness(l->clock);
}

const watched *load_watched(const load *l, int i) {
    return &l->options.watched[i];
}
