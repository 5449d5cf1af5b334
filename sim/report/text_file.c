/* text_file.c - read in blocks, so that it need not be known how long it is. */
#include "sim/report/text_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

char *text_file_read(const char *path) {
    char *text = NULL;
    size_t len = 0;
    char block[8192];
    FILE *in = fopen(path, "re"), *copy = in ? open_memstream(&text, &len) : NULL;
    for (size_t n; copy && (n = fread(block, 1, sizeof block, in)) > 0;) fwrite(block, 1, n, copy);
    if (copy) fclose(copy);
    if (in) fclose(in);
    return text;
}

sched_status text_file_open(const char *folder, const char *name, FILE **ret_out, sched_error *err) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    *ret_out = fopen(path, "we");
    return *ret_out ? SCHED_OK : sched_fail(err, SCHED_EIO, "%s: %s", path, strerror(errno));
}

sched_status text_file_close(const char *folder, const char *name, FILE *out, sched_error *err) {
    bool bad = ferror(out) != 0;
    if (fclose(out) == 0 && !bad) return SCHED_OK;
    return sched_fail(err, SCHED_EIO, "%s/%s: could not be written: %s", folder, name, strerror(errno));
}

sched_status text_file_write(const char *folder, const char *name, void (*write)(const void *ctx, FILE *out),
                             const void *ctx, sched_error *err) {
    FILE *out;
    sched_status status = text_file_open(folder, name, &out, err);
    if (status) return status;
    write(ctx, out);
    return text_file_close(folder, name, out, err);
}
