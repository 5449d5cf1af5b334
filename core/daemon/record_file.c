/* record_file.c - parts are made with O_EXCL: a recording never mixes with one that is there. */
#include "core/daemon/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 64 * 1024 };

static char *path_of(const record_file *f, int64_t part, char path[RECORD_PATH_MAX]) {
    snprintf(path, RECORD_PATH_MAX, "%s/%s-%06" PRId64 ".csv", f->folder, f->name, part);
    return path;
}

static sched_status failed(const record_file *f, sched_error *err) {
    char path[RECORD_PATH_MAX];
    int why = errno;
    return sched_fail(err, SCHED_EIO, "%s: %s", path_of(f, f->part, path), strerror(why));
}

static sched_status open_part(record_file *f, sched_error *err) {
    char path[RECORD_PATH_MAX];
    f->part++;
    f->part_written = 0;
    int fd = open(path_of(f, f->part, path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    f->out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f->out) return failed(f, err);
    setvbuf(f->out, NULL, _IOFBF, BUFFER);
    return fprintf(f->out, "%s\n", f->head) < 0 ? failed(f, err) : SCHED_OK;
}

sched_status record_file_open(record_file *f, sched_error *err) {
    f->part = 0;
    f->lines = f->bytes = 0;
    return open_part(f, err);
}

static sched_status next_part(record_file *f, sched_error *err) {
    char path[RECORD_PATH_MAX];
    if (fclose(f->out)) {
        f->out = NULL;
        return failed(f, err);
    }
    f->out = NULL;
    if (f->part >= f->parts_max) unlink(path_of(f, f->part - f->parts_max + 1, path));
    return open_part(f, err);
}

sched_status record_file_write(record_file *f, sched_error *err, const char *format, ...) {
    if (f->part_written >= f->part_bytes) {
        sched_status status = next_part(f, err);
        if (status) return status;
    }
    va_list args;
    va_start(args, format);
    int written = vfprintf(f->out, format, args);
    va_end(args);
    if (written < 0 || putc('\n', f->out) == EOF) return failed(f, err);
    f->part_written += (uint64_t)written + 1;
    f->bytes += (uint64_t)written + 1;
    f->lines++;
    return SCHED_OK;
}

sched_status record_file_flush(record_file *f, sched_error *err) {
    return fflush(f->out) ? failed(f, err) : SCHED_OK;
}

void record_file_close(record_file *f) {
    if (f->out) fclose(f->out);
    f->out = NULL;
}
