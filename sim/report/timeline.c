/* timeline.c - the tables behind the figures, as CSV that anybody's tools read. */
#include <inttypes.h>

#include "sim/report/files.h"

static double ms(usec_t usec) {
    return (double)usec / USEC_PER_MSEC;
}

static void write_row(FILE *out, const series_row *row, double begin, double width) {
    fprintf(out, "%.3f,%" PRId64 ",%" PRId64 ",%" PRId64, begin, row->submitted, row->refused, row->created);
    for (job_outcome o = OUTCOME_OK; o < JOB_OUTCOMES; o++) fprintf(out, ",%" PRId64, row->ended[o]);
    fprintf(out, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64, row->retried, row->in_flight, row->waiting,
            row->nodes_up);
    fprintf(out, ",%.3f,%.3f,%.6f", row->busy_slots, row->slots, row->slots > 0 ? row->busy_slots / row->slots : 0.0);
    fprintf(out, ",%.1f,%.1f", (double)row->redis_commands / width, (double)row->redis_bytes / width);
    fprintf(out, ",%" PRId64 ",%.3f,%.3f,%.3f\n", row->answered, ms(row->e2e_p50), ms(row->e2e_p95), ms(row->e2e_max));
}

void report_timeline(const run_report *r, FILE *out) {
    size_t rows;
    const series_row *row = recorder_series(r->recorder, &rows);
    usec_t bin = recorder_bin(r->recorder);
    fputs("t_s,submitted,refused,created,ok,failed,timed_out,cancelled,no_text,retried,in_flight,waiting,nodes_up,busy_"
          "slots,"
          "slots,utilisation,redis_commands_per_s,redis_bytes_per_s,answered,e2e_p50_ms,e2e_p95_ms,e2e_max_ms\n",
          out);
    for (size_t i = 0; i < rows; i++) {
        usec_t begin = (usec_t)i * bin, end = begin + bin < r->sc->duration ? begin + bin : r->sc->duration;
        write_row(out, &row[i], (double)begin / USEC_PER_SEC, (double)(end - begin) / USEC_PER_SEC);
    }
}

void report_nodes(const run_report *r, FILE *out) {
    int32_t index = 0;
    fputs("node,group,slots,jobs,busy_s,offered_s,utilisation\n", out);
    for (size_t g = 0; g < r->sc->node_group_count; g++) {
        const node_group *group = &r->sc->node_groups[g];
        for (int64_t i = 0; i < group->count; i++, index++) {
            const node_figures *n = recorder_node(r->recorder, index);
            char id[ID_MAX + 1];
            if (n->group < 0) continue;
            fprintf(out, "%s,%s,%" PRId64 ",%" PRId64 ",%.6f,%.6f,%.6f\n", scenario_node_id(id, group, i), group->name,
                    n->slots, n->jobs, (double)n->busy / USEC_PER_SEC, (double)n->offered / USEC_PER_SEC,
                    node_utilisation(n));
        }
    }
}
