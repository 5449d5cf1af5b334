/* page_words.c - what both pages say, so that they cannot say different things. */
#include "sim/report/pages.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/units.h"

void page_summary(const page *p, FILE *out) {
    const run_report *r = p->report;
    char duration[UNITS_TEXT_MAX], warmup[UNITS_TEXT_MAX];
    scenario_totals t = scenario_total(r->sc);
    size_t faults;
    recorder_marks(r->recorder, &faults);
    fprintf(out,
            "%s of %s time, the first %s of it warm-up: %" PRId64 " nodes with %" PRId64
            " slots, %zu languages, %" PRId64 " requests from about %.0f sessions over %" PRId64 " language pairs.",
            units_format_duration(duration, r->simulated), r->facts->clock == CLOCK_WALL ? "real" : "simulated",
            units_format_duration(warmup, r->sc->warmup), t.nodes, t.slots, r->sc->languages.count,
            recorder_counts(r->recorder)->submitted, t.sessions, t.pairs);
    if (r->sc->fault_count)
        fprintf(out, " %zu fault%s planned.", r->sc->fault_count, r->sc->fault_count == 1 ? " was" : "s were");
    char late[LATENESS_TEXT_MAX];
    if (*run_report_lateness(r, late))
        fprintf(out, " Against an ordinary Redis %s, measured. %s", r->facts->redis_version, late);
}

void page_nodes(const page *p, FILE *out) {
    const run_report *r = p->report;
    utilisation u = recorder_utilisation(r->recorder);
    fairness f = recorder_fairness(r->recorder);
    fprintf(out,
            "After the warm-up the nodes worked %.1f %% of their slot time, the busiest one %.1f %%. The node with "
            "the most jobs had %.2f %% of them. "
            "Jobs per slot time offered: Jain index %.4f (1 is even), coefficient of variation %.3f. Nodes that know "
            "rare "
            "languages differ from the others by nature.",
            100 * u.mean, 100 * u.max, 100 * f.top1_share, f.jain, f.cv);
}

static void add(cost_line lines[COST_ROWS], int *n, const char *name, const char *meaning, const char *format,
                double value) {
    cost_line *line = &lines[(*n)++];
    line->name = name;
    line->meaning = meaning;
    snprintf(line->value, sizeof line->value, format, value);
}

void page_costs(const page *p, cost_line ret_lines[COST_ROWS]) {
    const run_report *r = p->report;
    const simulation_redis *redis = &r->facts->redis;
    double simulated = r->simulated ? (double)r->simulated : 1;
    double nodes = r->facts->nodes ? (double)r->facts->nodes : 1;
    int n = 0;
    add(ret_lines, &n, "Redis commands per job", "all of them, with heartbeats, pools and sweeps", "%.2f",
        run_report_per_job(r, (double)redis->commands));
    add(ret_lines, &n, "of these script calls", "all scripts", "%.2f",
        run_report_per_job(r, (double)redis->script_calls));
    add(ret_lines, &n, "of these for the job itself",
        "create, place, mark, finish; more where grants are refused or jobs retried", "%.2f",
        run_report_per_job(r, (double)run_report_flow_calls(r)));
    add(ret_lines, &n, "bytes per job", "on the wire to Redis and back", "%.0f",
        run_report_per_job(r, (double)(redis->bytes_sent + redis->bytes_received)));
    add(ret_lines, &n, "Redis in service",
        "modelled (in real time: CPU of the server), share of the time; towards 100 % it is the bottleneck", "%.1f %%",
        100 * (double)redis->busy / simulated);
    add(ret_lines, &n, "scheduler CPU per job", "modelled; not measured in real time", "%.1f us",
        run_report_per_job(r, (double)r->facts->cpu));
    add(ret_lines, &n, "scheduler CPU in use", "modelled, share of one processor", "%.1f %%",
        100 * (double)r->facts->cpu / simulated);
    add(ret_lines, &n, "data in Redis", "sum of MEMORY USAGE at the end of the duration, under load", "%.2f MiB",
        (double)r->data.bytes / 1048576);
    add(ret_lines, &n, "of it for jobs", "finished ones stay until their TTL", "%.2f MiB",
        (double)r->data.job_bytes / 1048576);
    add(ret_lines, &n, "data per node", "records, pools and indexes of nodes", "%.0f bytes",
        (double)(r->data.bytes - r->data.job_bytes) / nodes);
}

void page_waits(const page *p, wait_line ret_lines[WAIT_ROWS]) {
    static const char *const words[ORACLES][2] = {
        [ORACLE_CENTRAL_QUEUE] = {"one line for all",
                                  "the least that languages allow: a free slot takes the longest-waiting job"},
        [ORACLE_SHORTEST_QUEUE] = {"shortest line", "each job at once to the shortest line, known to the instant"},
        [ORACLE_RANDOM] = {"by chance", "each job at once to any node that serves its pair"},
    };
    const oracle_waits *o = &p->report->oracle;
    ret_lines[0] = (wait_line){"this run", o->real.mean, (double)o->real.p99, "with network, scheduler and faults"};
    for (oracle_kind k = 0; k < ORACLES; k++)
        ret_lines[1 + k] = (wait_line){words[k][0], o->of[k].mean, (double)o->of[k].p99, words[k][1]};
}

/* A ratio to a wait that is hardly there would say nothing. */
void page_waits_verdict(const page *p, FILE *out) {
    const oracle_waits *o = &p->report->oracle;
    double real = (double)o->real.p99, ideal = (double)o->of[ORACLE_CENTRAL_QUEUE].p99,
           chance = (double)o->of[ORACLE_RANDOM].p99;
    if (!o->jobs)
        fprintf(out, "No job of the window ended at a node.");
    else if (ideal < USEC_PER_MSEC)
        fprintf(out,
                "With perfect placement 99 %% of the jobs would not have waited at all; here they waited up to %.1f "
                "ms. Placing by "
                "chance: %.1f ms.",
                real / USEC_PER_MSEC, chance / USEC_PER_MSEC);
    else
        fprintf(out,
                "99 %% of the jobs waited up to %.1f ms, %.2f times as long as with perfect placement. Placing by "
                "chance: %.2f times.",
                real / USEC_PER_MSEC, real / ideal, chance / ideal);
}

void page_comparison(const page *p, FILE *out) {
    char late[LATENESS_TEXT_MAX];
    if (!p->report->measured) return;
    fprintf(
        out,
        "The same scenario was run a second time in real time, against an ordinary Redis %s. Both runs saw the same "
        "speakers and nodes; what differs is what Redis and the scheduler cost, and chance. This table differs from "
        "run to run. %s",
        p->report->measured->facts->redis_version, run_report_lateness(p->report->measured, late));
}

void page_again(const page *p, FILE *out) {
    const run_report *r = p->report;
    if (r->facts->clock == CLOCK_WALL)
        fputs("These figures were measured in real time: the same command gives similar ones, not the same.", out);
    else
        fprintf(out, "The same seed gives the same bytes in every file but timing.json, with the same Redis version%s.",
                r->measured ? "; only what was measured in real time differs" : "");
}
