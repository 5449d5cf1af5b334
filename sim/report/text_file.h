/* text_file.h - a file as one text, and files of a folder that are written. */
#ifndef SIM_REPORT_TEXT_FILE_H
#define SIM_REPORT_TEXT_FILE_H

#include "core/base/status.h"

#include <stdio.h>

/* NULL when it cannot be read; free() it. */
char *text_file_read(const char *path);

/* `folder`/`name`, empty, for writing; a folder in `name` ("plots/runs.csv") is there already. SCHED_EIO. */
sched_status text_file_open(const char *folder, const char *name, FILE **ret_out, sched_error *err);
/* SCHED_EIO when anything of it could not be written. */
sched_status text_file_close(const char *folder, const char *name, FILE *out, sched_error *err);
/* Both, and what `write` says in between. */
sched_status text_file_write(const char *folder, const char *name, void (*write)(const void *ctx, FILE *out),
                             const void *ctx, sched_error *err);

#endif
