/* clock_page.c - the page is a memfd: nameless, inherited by number, gone with its last user. So is the preloaded
 * library: LD_PRELOAD splits its value at spaces and colons, and a path under /proc/self/fd has neither, wherever
 * the program lies. */
#include "sim/redis_host/clock_page.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/embedded.h"
#include "core/base/mem.h"
#include "sim/redis_host/preload/page_layout.h"

struct clock_page {
    clock_page_layout *shared;
    int fd;
    char env[sizeof CLOCK_PAGE_ENV + 16];
};

/* The server starts at an arbitrary instant of its monotonic clock; not 0, which Redis takes for "never". */
static const int64_t first_mono_usec = 1000 * USEC_PER_SEC;

sched_status clock_page_new(usec_t start, uint64_t seed, uint64_t spin_nsec, clock_page **ret_page, sched_error *err) {
    assert(start >= 0);
    int fd = memfd_create("lingua-clock-page", MFD_CLOEXEC);
    if (fd < 0) return sched_fail(err, SCHED_EIO, "clock page: memfd_create: %s", strerror(errno));
    void *map = MAP_FAILED;
    if (!ftruncate(fd, CLOCK_PAGE_BYTES)) map = mmap(NULL, CLOCK_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        sched_status status =
            sched_fail(err, SCHED_EIO, "clock page of %d bytes: %s", CLOCK_PAGE_BYTES, strerror(errno));
        close(fd);
        return status;
    }
    clock_page *page = mem_zalloc(1, sizeof *page);
    page->shared = map;
    page->fd = fd;
    snprintf(page->env, sizeof page->env, "%s=%d", CLOCK_PAGE_ENV, fd);
    *page->shared = (clock_page_layout){
        .magic = CLOCK_PAGE_MAGIC,
        .seed = seed,
        .real_usec = start,
        .mono_usec = first_mono_usec,
        .spin_nsec = spin_nsec,
    };
    *ret_page = page;
    return SCHED_OK;
}

clock_page *clock_page_free(clock_page *page) {
    if (!page) return NULL;
    munmap(page->shared, CLOCK_PAGE_BYTES);
    close(page->fd);
    free(page);
    return NULL;
}

int clock_page_fd(const clock_page *page) {
    return page->fd;
}

const char *clock_page_env(const clock_page *page) {
    return page->env;
}

void clock_page_set(clock_page *page, usec_t now) {
    __atomic_store_n(&page->shared->real_usec, now, __ATOMIC_RELEASE);
}

usec_t clock_page_get(const clock_page *page) {
    return page->shared->real_usec;
}

void clock_page_tick(clock_page *page, usec_t by) {
    assert(by > 0);
    __atomic_store_n(&page->shared->mono_usec, page->shared->mono_usec + by, __ATOMIC_RELEASE);
}

static sched_status write_all(int fd, const unsigned char *data, size_t len, sched_error *err) {
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0) return sched_fail(err, SCHED_EIO, "clock library: writing %zu bytes: %s", len, strerror(errno));
        data += n;
        len -= (size_t)n;
    }
    return SCHED_OK;
}

sched_status clock_page_preload(int *ret_fd, sched_error *err) {
    const embedded_file *library = embedded_find(embedded_preload, "clock_preload.so");
    assert(library);
    int fd = memfd_create("lingua-clock-preload", MFD_CLOEXEC);
    if (fd < 0) return sched_fail(err, SCHED_EIO, "clock library: memfd_create: %s", strerror(errno));
    sched_status status = write_all(fd, library->data, library->len, err);
    if (status) {
        close(fd);
        return status;
    }
    *ret_fd = fd;
    return SCHED_OK;
}
