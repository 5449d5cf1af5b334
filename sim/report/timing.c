/* timing.c - how fast the simulator was; kept apart from the results, because no two runs agree on it. */
#include <math.h>

#include "sim/report/files.h"
#include "sim/report/json_write.h"

static double per(double amount, double of) {
    return of > 0 ? amount / of : 0;
}

static json_t *rounded(double value, double steps) {
    return json_real(round(value * steps) / steps);
}

void report_timing(const run_report *r, const run_timing *t, FILE *out) {
    const simulation_facts *f = r->facts;
    const simulation_redis *redis = &f->redis;
    json_t *o = json_object();
    json_set(o, "schema", json_string("lingua.sim.timing/1"));
    json_set(o, "wall_s", rounded(t->wall_s, 1e3));
    json_set(o, "speedup", rounded(per((double)r->simulated / USEC_PER_SEC, t->wall_s), 1e2));
    json_set(o, "events", json_integer((json_int_t)f->events));
    json_set(o, "events_per_s", rounded(per((double)f->events, t->wall_s), 1));
    json_set(o, "redis_commands_per_s", rounded(per((double)redis->commands, t->wall_s), 1));
    json_set(o, "redis_mean_batch", rounded(per((double)redis->commands, (double)redis->batches), 1e2));
    json_set(o, "redis_round_trips", json_integer((json_int_t)redis->waits));
    json_set(o, "redis_cpu_s", rounded((double)f->redis_cpu_usec / USEC_PER_SEC, 1e3));
    json_set(o, "redis_memory_bytes", json_integer(f->redis_memory));
    json_set(o, "redis_version", json_string(f->redis_version));
    json_set(o, "peak_rss_bytes", json_integer(t->peak_rss_bytes));
    json_set(o, "report_s", rounded(t->report_s, 1e3));
    json_write(o, out);
}

void report_speed(const run_report *r, const run_timing *t, FILE *out) {
    const simulation_redis *redis = &r->facts->redis;
    if (r->facts->clock == CLOCK_WALL) {
        fprintf(out,
                "%.1f s in real time, %.1f s with start and drain, %.0f Redis commands/s, %.0f MiB; report %.1f s\n",
                (double)r->simulated / USEC_PER_SEC, t->wall_s,
                per((double)redis->commands, (double)r->simulated / USEC_PER_SEC), (double)t->peak_rss_bytes / 1048576,
                t->report_s);
        return;
    }
    fprintf(out,
            "%.1f s simulated in %.1f s (%.1f times as fast), %.2f million events/s, %.0f Redis commands/s in batches "
            "of %.1f, "
            "%.0f MiB; report %.1f s\n",
            (double)r->simulated / USEC_PER_SEC, t->wall_s, per((double)r->simulated / USEC_PER_SEC, t->wall_s),
            per((double)r->facts->events, t->wall_s) / 1e6, per((double)redis->commands, t->wall_s),
            per((double)redis->commands, (double)redis->batches), (double)t->peak_rss_bytes / 1048576, t->report_s);
}
