/* prometheus.c - reads lines "name_bucket{...le="0.01"} 17": the bound is looked for in the labels, all else in them is summed over. */
#include "bench/load/prometheus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put(prom_histogram *h, double below, double cumulative) {
    int i = 0;
    while (i < h->count && h->below[i] < below) i++;
    if (i == h->count || h->below[i] > below) {
        if (h->count == PROM_BUCKETS_MAX) return;
        memmove(h->below + i + 1, h->below + i, (size_t)(h->count - i) * sizeof *h->below);
        memmove(h->cumulative + i + 1, h->cumulative + i, (size_t)(h->count - i) * sizeof *h->cumulative);
        h->count++;
        h->below[i] = below;
        h->cumulative[i] = 0;
    }
    h->cumulative[i] += cumulative;
}

/* What stands behind the labels, if any. */
static const char *value_of(const char *at) {
    if (*at == '{') at += strcspn(at, "}\n");
    return *at == '}' ? at + 1 : at;
}

static void read_line(prom_histogram *h, const char *rest) {
    static const char bucket[] = "_bucket{", sum[] = "_sum";
    if (!strncmp(rest, sum, sizeof sum - 1)) h->sum += strtod(value_of(rest + sizeof sum - 1), NULL);
    if (strncmp(rest, bucket, sizeof bucket - 1)) return;
    const char *labels = rest + sizeof bucket - 2, *bound = strstr(labels, "le=\"");
    if (!bound || bound > labels + strcspn(labels, "\n")) return;
    put(h, strtod(bound + 4, NULL), strtod(value_of(labels), NULL));
}

prom_histogram prom_histogram_read(const char *text, const char *name) {
    prom_histogram h = {0};
    size_t len = strlen(name);
    while (*text) {
        if (!strncmp(text, name, len)) read_line(&h, text + len);
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return h;
}

void prom_histogram_add(prom_histogram *h, const prom_histogram *more) {
    for (int i = 0; i < more->count; i++) put(h, more->below[i], more->cumulative[i]);
    h->sum += more->sum;
}

double prom_histogram_total(const prom_histogram *h) {
    return h->count ? h->cumulative[h->count - 1] : 0;
}

prom_histogram prom_histogram_since(const prom_histogram *after, const prom_histogram *before) {
    prom_histogram h = *after;
    if (before->count != after->count || prom_histogram_total(before) > prom_histogram_total(after)) return h;
    for (int i = 0; i < h.count; i++) h.cumulative[i] -= before->cumulative[i];
    h.sum -= before->sum;
    return h;
}

double prom_histogram_percentile(const prom_histogram *h, double percentile) {
    double rank = percentile / 100 * prom_histogram_total(h), from = 0, counted = 0;
    for (int i = 0; i < h->count; i++) {
        double here = h->cumulative[i] - counted;
        if (here > 0 && h->cumulative[i] >= rank)
            return isinf(h->below[i]) ? from : from + (h->below[i] - from) * (rank - counted) / here;
        from = h->below[i];
        counted = h->cumulative[i];
    }
    return 0;
}

double prom_histogram_share_within(const prom_histogram *h, double value) {
    double total = prom_histogram_total(h), from = 0, counted = 0;
    if (total <= 0) return 1;
    for (int i = 0; i < h->count; i++) {
        if (value < h->below[i]) {
            double part = isinf(h->below[i]) ? 0 : (value - from) / (h->below[i] - from);
            return (counted + part * (h->cumulative[i] - counted)) / total;
        }
        from = h->below[i];
        counted = h->cumulative[i];
    }
    return 1;
}
