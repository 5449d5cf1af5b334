/* recorded.c - the scenario that follows from what was read.
 *
 * Why a line and not the measured times themselves: another number of nodes or another mix must be answered, too, and service depends on
 * the length of the speech, which the sample would tear apart. */
#include "sim/scenario/recorded_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 1024 };
#define WAY_S 0.010 /* of the network to a node, as scenarios have it unless told otherwise */

static double at_least_zero(double value) {
    return value > 0 ? value : 0;
}

/* Speech of one length alone says nothing of its factor: all is overhead then. */
static void fit(const line *l, recorded_facts *facts) {
    if (l->n == 0) return;
    double mean_x = l->x / l->n, mean_y = l->y / l->n;
    double vxx = l->xx / l->n - mean_x * mean_x, vxy = l->xy / l->n - mean_x * mean_y,
           vyy = l->yy / l->n - mean_y * mean_y;
    facts->rtf = vxx > 1e-9 ? at_least_zero(vxy / vxx) : 0;
    double rest = at_least_zero(vyy - 2 * facts->rtf * vxy + facts->rtf * facts->rtf * vxx);
    facts->overhead_s = at_least_zero(mean_y - facts->rtf * mean_x - 2 * WAY_S);
    facts->cv = mean_y > 2 * WAY_S ? sqrt(rest) / (mean_y - 2 * WAY_S) : 0;
    if (facts->cv < 0.001) facts->cv = 0;
    if (facts->cv > 5) facts->cv = 5;
}

static void print_list(FILE *out, const char *list) {
    putc('[', out);
    for (const char *c = list; *c; c++) {
        if (*c == ' ')
            fputs(", ", out);
        else
            putc(*c, out);
    }
    putc(']', out);
}

static int by_tag(const lang *a, const lang *b) {
    return strcmp(a->tag, b->tag);
}

static int by_key(const group *a, const group *b) {
    return strcmp(a->key, b->key);
}

static void print_nodes(const import *in, FILE *out) {
    int number = 0;
    fputs("nodes:\n", out);
    for (const group *g = in->groups; g; g = g->hh.next) {
        if (g->peak == 0) continue;
        fprintf(out, "  - name: n%d\n    count: %" PRId64 "\n    slots: %" PRId64 "\n    languages: {asr: ", ++number,
                g->peak, g->slots);
        print_list(out, g->sources);
        fputs(", semantic: ", out);
        print_list(out, g->sources);
        fputs(", tts: ", out);
        print_list(out, g->targets);
        fprintf(out,
                "}\n    service:\n      asr: {rtf: %.4f, overhead: %.0fus, cv: %.3f}\n      nmt: {rtf: 0, overhead: "
                "0s, cv: 0}\n"
                "      tts: {rtf: 0, overhead: 0s, cv: 0}\n",
                in->facts.rtf, in->facts.overhead_s * USEC_PER_SEC, in->facts.cv);
    }
}

static void print_scenario(const import *in, FILE *out) {
    const recorded_facts *f = &in->facts;
    fprintf(out,
            "# Question  What would have become of what was recorded, if ...?\n"
            "# Recorded  %" PRId64 " requests in %.0f s, %" PRId64 " nodes; of %" PRId64 " that ended, %" PRId64
            " ended well, %" PRId64 " were refused;\n#           half of the answers took %.3f s, 95 of 100 %.3f s\n",
            f->arrivals, f->span_s, f->nodes, f->ended, f->ok, f->refused, f->total_p50_s, f->total_p95_s);
    fprintf(out, "name: recorded\nseed: 1\nduration: %.0fs\nwarmup: 20s\n\nlanguages:\n  list: [",
            ceil(f->span_s) + 40);
    for (const lang *l = in->langs; l; l = l->hh.next) fprintf(out, "%s%s", l == in->langs ? "" : ", ", l->tag);
    fputs("]\n\n", out);
    print_nodes(in, out);
    fputs("\nsessions:\n  - name: recorded\n    join: {at: 20s}\n"
          "    arrivals: {trace: {file: arrivals.csv, time: arrival_s, size: speech_s, src: src, tgt: tgt}}\n\n"
          "slo: [\"lost==0\", \"doubled==0\"]\n\n"
          "provenance: >-\n  recorded by linguad; service is a line through what was measured, less 10 ms to a node "
          "and back\n",
          out);
}

static sched_status open_file(const char *folder, const char *name, FILE **ret_file, sched_error *err) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    *ret_file = fopen(path, "w");
    return *ret_file ? SCHED_OK : sched_fail(err, SCHED_EIO, "%s: %s", path, strerror(errno));
}

static sched_status close_file(FILE *file, const char *folder, sched_error *err) {
    bool bad = ferror(file) != 0;
    return fclose(file) || bad ? sched_fail(err, SCHED_EIO, "%s: it could not be written: %s", folder, strerror(errno))
                               : SCHED_OK;
}

static sched_status conclude(import *in, const char *folder, sched_error *err) {
    recorded_facts *f = &in->facts;
    f->span_s = in->last - in->first;
    f->nodes = HASH_COUNT(in->nodes);
    f->total_p50_s = (double)histogram_percentile(in->total, 50) / USEC_PER_SEC;
    f->total_p95_s = (double)histogram_percentile(in->total, 95) / USEC_PER_SEC;
    for (const group *g = in->groups; g; g = g->hh.next) f->groups += g->peak > 0;
    if (f->arrivals == 0) return sched_fail(err, SCHED_EINVAL, "%s: nobody has said anything", folder);
    if (f->groups == 0) return sched_fail(err, SCHED_EINVAL, "%s: no node was ever ready", folder);
    fit(&in->service, f);
    HASH_SORT(in->langs, by_tag);
    HASH_SORT(in->groups, by_key);
    return SCHED_OK;
}

static sched_status write_arrivals(import *in, const char *folder, const char *out, sched_error *err) {
    sched_status status = open_file(out, "arrivals.csv", &in->arrivals, err);
    if (status) return status;
    fputs("arrival_s,speech_s,src,tgt\n", in->arrivals);
    status = recorded_read_arrivals(in, folder, err);
    sched_status closed = close_file(in->arrivals, out, status ? NULL : err);
    return status ? status : closed;
}

static sched_status write_scenario(const import *in, const char *out, sched_error *err) {
    FILE *file;
    sched_status status = open_file(out, "scenario.yaml", &file, err);
    if (status) return status;
    print_scenario(in, file);
    return close_file(file, out, err);
}

sched_status recorded_import(const char *folder, const char *out, recorded_facts *ret_facts, sched_error *err) {
import in = {.total = histogram_new(HISTOGRAM_HIGHEST_MAX) };
    sched_status status = SCHED_OK;
    if (mkdir(out, 0777) && errno != EEXIST) status = sched_fail(err, SCHED_EIO, "%s: %s", out, strerror(errno));
    if (!status) status = write_arrivals(&in, folder, out, err);
    if (!status) status = recorded_read_rest(&in, folder, err);
    if (!status) status = conclude(&in, folder, err);
    if (!status) status = write_scenario(&in, out, err);
    if (!status) *ret_facts = in.facts;
    recorded_forget(&in);
    return status;
}
