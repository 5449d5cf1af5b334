/* cmd_usl.c - a table of measured points, whoever measured them, and the law that fits them. */
#include "sim/commands/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text_table.h"
#include "core/base/units.h"
#include "sim/capacity/capacity_words.h"
#include "sim/scenario/csv.h"

// clang-format off
static const char help[] =
    "Usage: lingua-sim usl FILE --x COLUMN --y COLUMN [OPTIONS]\n"
    "\n"
    "Fits Gunther's Universal Scalability Law to the rows of a CSV file, such as the points.csv of a sweep:\n"
    "    throughput(n) = lambda n / (1 + sigma (n - 1) + kappa n (n - 1))\n"
    "lambda: throughput of one. sigma: share of the work that all queue for. kappa: what keeping each other informed costs.\n"
    "Intervals are 95 %, by bootstrap. Says when sigma or kappa cannot be told from 0.\n"
    "\n"
    "  --x COLUMN        number of instances, clients ...: at least 1\n"
    "  --y COLUMN        throughput: above 0; rows where it is empty are left out\n"
    "  --where COLUMN=TEXT\n"
    "                    only rows with that text; may be repeated\n"
    "  --seed N          of the bootstrap (default: 1)\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 fitted; 2 bad usage, or a file from which nothing can be fitted.\n"
    "\n"
    "Examples:\n"
    "  lingua-sim sweep scenarios/capacity/instances.yaml --out instances\n"
    "  lingua-sim usl instances/points.csv --x instances.count --y decisions_per_s\n";
// clang-format on

enum { GO_ON = -1, OPT_X = 256, OPT_Y, OPT_WHERE, OPT_SEED, WHERES_MAX = 16 };

typedef struct usl_options {
    const char *file, *x, *y;
    const char *where[WHERES_MAX];
    size_t where_count;
    int64_t seed;
} usl_options;

typedef struct usl_points {
    double *n, *y;
    size_t count, room;
} usl_points;

static int bad_usage(const char *why) {
    fprintf(stderr, "lingua-sim usl: %s\nTry: lingua-sim usl --help\n", why);
    return STATUS_BAD_INPUT;
}

static int take_option(int c, usl_options *o) {
    sched_error err;
    switch (c) {
    case OPT_X: o->x = optarg; return GO_ON;
    case OPT_Y: o->y = optarg; return GO_ON;
    case OPT_WHERE:
        if (!strchr(optarg, '=')) return bad_usage("--where: expected COLUMN=TEXT");
        if (o->where_count == WHERES_MAX) return bad_usage("--where: more than 16 are given");
        o->where[o->where_count++] = optarg;
        return GO_ON;
    case OPT_SEED: return units_parse_count(optarg, &o->seed, &err) ? bad_usage(err.message) : GO_ON;
    case 'h': fputs(help, stdout); return STATUS_FINE;
    default: fputs("Try: lingua-sim usl --help\n", stderr); return STATUS_BAD_INPUT;
    }
}

static int parse(int argc, char **argv, usl_options *o) {
    static const struct option options[] = {
        {"x", required_argument, NULL, OPT_X},
        {"y", required_argument, NULL, OPT_Y},
        {"where", required_argument, NULL, OPT_WHERE},
        {"seed", required_argument, NULL, OPT_SEED},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        int result = take_option(c, o);
        if (result != GO_ON) return result;
    }
    if (argc - optind != 1) return bad_usage("expected one file");
    if (!o->x || !o->y) return bad_usage("expected --x COLUMN and --y COLUMN");
    o->file = argv[optind];
    return GO_ON;
}

/* ---- points --------------------------------------------------------------------------------------------------------- */

static sched_status find_wheres(const usl_options *o, const csv *c, int columns[WHERES_MAX], sched_error *err) {
    sched_status status = SCHED_OK;
    for (size_t i = 0; i < o->where_count && !status; i++) {
        char name[COLUMN_NAME_MAX + 1];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(o->where[i], "="), o->where[i]);
        status = csv_column(c, name, &columns[i], err);
    }
    return status;
}

static bool is_wanted(const usl_options *o, const csv *c, const int columns[WHERES_MAX]) {
    for (size_t i = 0; i < o->where_count; i++) {
        if (strcmp(csv_text(c, columns[i]), strchr(o->where[i], '=') + 1) != 0) return false;
    }
    return true;
}

static sched_status take_row(const csv *c, int x, int y, usl_points *p, sched_error *err) {
    if (!*csv_text(c, y)) return SCHED_OK;
    if (p->count == p->room) {
        p->room = p->room ? 2 * p->room : 64;
        p->n = mem_realloc(p->n, p->room, sizeof *p->n);
        p->y = mem_realloc(p->y, p->room, sizeof *p->y);
    }
    sched_status status = csv_number(c, x, &p->n[p->count], err);
    if (!status) status = csv_number(c, y, &p->y[p->count], err);
    if (!status) p->count++;
    return status;
}

static sched_status read_points(const usl_options *o, usl_points *p, sched_error *err) {
    csv *c = NULL;
    int x = 0, y = 0, wheres[WHERES_MAX];
    bool row = true;
    sched_status status = csv_open(o->file, &c, err);
    if (status) return status;
    status = csv_column(c, o->x, &x, err);
    if (!status) status = csv_column(c, o->y, &y, err);
    if (!status) status = find_wheres(o, c, wheres, err);
    while (!status && row) {
        status = csv_next(c, &row, err);
        if (!status && row && is_wanted(o, c, wheres)) status = take_row(c, x, y, p, err);
    }
    csv_close(c);
    return status;
}

/* ---- what is printed ------------------------------------------------------------------------------------------------ */

static void put(text_table *t, size_t row, const char *name, const usl_value *v, const char *meaning) {
    text_table_set(t, row, 0, "%s", name);
    text_table_set(t, row, 1, "%.6g", v->value);
    text_table_set(t, row, 2, "%.6g", v->low);
    text_table_set(t, row, 3, "%.6g", v->high);
    text_table_set(t, row, 4, "%s", meaning);
}

static void print_fit(const usl_fit *f) {
    char text[CAPACITY_SENTENCE_MAX];
    text_table *t = text_table_new(4, 5);
    text_table_set(t, 0, 1, "value");
    text_table_set(t, 0, 2, "low");
    text_table_set(t, 0, 3, "high");
    put(t, 1, "lambda", &f->lambda, "throughput of one");
    put(t, 2, "sigma", &f->sigma, f->sigma_is_zero ? "cannot be told from 0" : "share that all queue for");
    put(t, 3, "kappa", &f->kappa, f->kappa_is_zero ? "cannot be told from 0" : "cost of keeping each other informed");
    printf("%s\n\n", usl_sentence(f, text));
    text_table_print(t, 1, stdout);
    text_table_free(t);
}

int cmd_usl(int argc, char **argv) {
    usl_options o = {.seed = 1};
    usl_points p = {0};
    usl_fit fit;
    sched_error err;
    int result = parse(argc, argv, &o);
    if (result != GO_ON) return result;
    sched_status status = read_points(&o, &p, &err);
    if (!status) status = usl_fit_points(p.n, p.y, p.count, (uint64_t)o.seed, &fit, &err);
    if (status)
        fprintf(stderr, "%s\n", err.message);
    else
        print_fit(&fit);
    free(p.n);
    free(p.y);
    return status ? STATUS_BAD_INPUT : STATUS_FINE;
}
