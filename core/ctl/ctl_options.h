/* ctl_options.h - the command line of a command of lingua-ctl; used by ctl.c and main.c. */
#ifndef CORE_CTL_CTL_OPTIONS_H
#define CORE_CTL_CTL_OPTIONS_H

#include <stdio.h>

#include "core/ctl/ctl.h"

/* Fills the options' targets; the words that are none follow from argv[optind]. CTL_GO_ON, or the exit status, when --help was
 * answered or something was not understood and said so. */
int ctl_parse(const char *program, const ctl_usage *usage, const ctl_option *own, const ctl_option *common, int argc,
              char **argv);
/* The lines about the options that all commands have. */
void ctl_print_common(const ctl_option *common, FILE *out);

#endif
