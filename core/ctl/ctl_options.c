/* ctl_options.c - the command line: one list of rows serves parsing, bounds and help, for the options that all commands have
 * and for a command's own. */
#include "core/ctl/ctl_options.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/units.h"

enum { OPTIONS_MAX = 24, FIRST_LETTER = 256 };

static const char exit_statuses[] =
    "\n"
    "Exit status: 0 done; 1 Redis could not be asked, what was named does not exist, or it was refused;\n"
    "2 a word or option that is not understood; 3 fsck has findings.\n";

/* ---- help ------------------------------------------------------------------------------------------------------------ */

static void print_option(const ctl_option *o, FILE *out) {
    char text[64];
    snprintf(text, sizeof text, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
    fprintf(out, "  %-18s %s\n", text, o->help);
}

static void print_examples(const char *lines, FILE *out) {
    fputs("\nExamples:\n", out);
    for (const char *line = lines; *line; line = strchr(line, '\n') + 1)
        fprintf(out, "  lingua-ctl %.*s\n", (int)strcspn(line, "\n"), line);
}

static void print_help(const char *program, const ctl_usage *usage, const ctl_option *own, const ctl_option *common) {
    printf("Usage: %s%s%s [OPTION...]\n\n%s\n", program, *usage->words ? " " : "", usage->words, usage->about);
    for (const ctl_option *o = own; o->name; o++) print_option(o, stdout);
    ctl_print_common(common, stdout);
    print_examples(usage->examples, stdout);
    fputs(exit_statuses, stdout);
}

void ctl_print_common(const ctl_option *common, FILE *out) {
    for (const ctl_option *o = common; o->name; o++) print_option(o, out);
    print_option(&(ctl_option){.name = "help", .help = "this text"}, out);
}

/* ---- values ---------------------------------------------------------------------------------------------------------- */

static sched_status parse_count(const ctl_option *o, const char *text, sched_error *err) {
    int64_t value;
    sched_status status = units_parse_count(text, &value, err);
    if (status) return status;
    if (value < o->min || value > o->max)
        return sched_fail(err, SCHED_EINVAL, "%s: expected %lld to %lld", text, (long long)o->min, (long long)o->max);
    *(int64_t *)o->target = value;
    return SCHED_OK;
}

static sched_status parse_duration(const ctl_option *o, const char *text, sched_error *err) {
    usec_t value;
    char least[UNITS_TEXT_MAX], most[UNITS_TEXT_MAX];
    sched_status status = units_parse_duration(text, &value, err);
    if (status) return status;
    if (value < o->min || value > o->max)
        return sched_fail(err, SCHED_EINVAL, "%s: expected %s to %s", text, units_format_duration(least, o->min),
                          units_format_duration(most, o->max));
    *(usec_t *)o->target = value;
    return SCHED_OK;
}

static sched_status take(const ctl_option *o, const char *text, sched_error *err) {
    switch (o->kind) {
    case CTL_FLAG: *(bool *)o->target = true; return SCHED_OK;
    case CTL_TEXT: *(const char **)o->target = text; return SCHED_OK;
    case CTL_COUNT: return parse_count(o, text, err);
    case CTL_DURATION: return parse_duration(o, text, err);
    }
    return SCHED_OK;
}

/* ---- parsing --------------------------------------------------------------------------------------------------------- */

typedef struct option_rows {
    const ctl_option *row[OPTIONS_MAX];
    struct option as_getopt[OPTIONS_MAX + 2];
    int count;
} option_rows;

static void add_rows(option_rows *rows, const ctl_option *options) {
    for (const ctl_option *o = options; o->name; o++) {
        assert(rows->count < OPTIONS_MAX);
        rows->as_getopt[rows->count] = (struct option){.name = o->name,
                                                       .has_arg = o->value ? required_argument : no_argument,
                                                       .val = FIRST_LETTER + rows->count};
        rows->row[rows->count++] = o;
    }
}

int ctl_parse(const char *program, const ctl_usage *usage, const ctl_option *own, const ctl_option *common, int argc,
              char **argv) {
    option_rows rows = {.count = 0};
    sched_error err;
    add_rows(&rows, own);
    add_rows(&rows, common);
    rows.as_getopt[rows.count] = (struct option){.name = "help", .val = 'h'};
    for (int c; (c = getopt_long(argc, argv, "h", rows.as_getopt, NULL)) != -1;) {
        if (c == 'h') {
            print_help(program, usage, own, common);
            return CTL_FINE;
        }
        if (c < FIRST_LETTER) {
            fprintf(stderr, "Try: %s --help\n", program);
            return CTL_USAGE;
        }
        const ctl_option *o = rows.row[c - FIRST_LETTER];
        if (take(o, optarg, &err)) {
            fprintf(stderr, "%s: --%s: %s\n", program, o->name, err.message);
            return CTL_USAGE;
        }
    }
    int words = argc - optind;
    if (words >= usage->words_min && words <= usage->words_max) return CTL_GO_ON;
    if (words < usage->words_min)
        fprintf(stderr, "%s: expected %s\nTry: %s --help\n", program, usage->words, program);
    else
        fprintf(stderr, "%s: \"%s\" is one word too many\nTry: %s --help\n", program, argv[optind + usage->words_max],
                program);
    return CTL_USAGE;
}
