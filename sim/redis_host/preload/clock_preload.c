/* clock_preload.c - the library that a redis-server in virtual time is started with (LD_PRELOAD).
 *
 * Wall clock: gettimeofday, time and clock_gettime(CLOCK_REALTIME*) answer from the page, so TTLs, TIME and stream
 * ids live in simulated time.
 *
 * Monotonic clock: Redis drives its event loop and thereby its periodic work (serverCron: resizing hash tables,
 * trimming buffers) by it, jemalloc the return of unused memory. On real time that work falls between other
 * commands in each run, and the order of SCAN and RANDOMKEY with it. On the simulated clock it would run whenever
 * that jumps. So it has a time of its own in the page, which stands still until the owner lets one round of the
 * periodic work happen. CLOCK_MONOTONIC_RAW and CLOCK_BOOTTIME are real.
 *
 * Entropy: Redis seeds the hash function of its dictionaries from fopen("/dev/urandom"), its generators with time
 * and getpid().
 *
 * epoll_wait: asks again for a moment before it sleeps (spin.h).
 *
 * Without the page's environment variable all calls are the real ones. They are made as system calls, not looked up
 * by dlsym: jemalloc asks for the time before a constructor of ours has run. State is per process by nature here;
 * Redis's other threads only read it. */
#include "sim/redis_host/preload/page_layout.h"
#include "sim/redis_host/preload/spin.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))

static const clock_page_layout *page; /* NULL: everything is real */
static uint64_t entropy;
static spin spinning;

/* getenv() is safe here: the C library itself is set up before any constructor runs. */
__attribute__((constructor)) static void attach(void) {
    const char *number = getenv(CLOCK_PAGE_ENV);
    if (!number) return;
    char *end;
    long fd = strtol(number, &end, 10);
    if (end == number || *end || fd < 0 || fd > 1 << 20) return;
    void *map = mmap(NULL, CLOCK_PAGE_BYTES, PROT_READ, MAP_SHARED, (int)fd, 0);
    if (map == MAP_FAILED) return;
    const clock_page_layout *found = map;
    if (found->magic != CLOCK_PAGE_MAGIC) {
        munmap(map, CLOCK_PAGE_BYTES);
        return;
    }
    entropy = found->seed;
    page = found;
}

static int64_t load(const int64_t *usec) {
    return __atomic_load_n(usec, __ATOMIC_ACQUIRE);
}

PUBLIC int clock_gettime(clockid_t clock, struct timespec *ts) {
    int64_t usec;
    if (page && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        usec = load(&page->real_usec);
    else if (page && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE))
        usec = load(&page->mono_usec);
    else
        return (int)syscall(SYS_clock_gettime, clock, ts);
    ts->tv_sec = (time_t)(usec / 1000000);
    ts->tv_nsec = (long)(usec % 1000000 * 1000);
    return 0;
}

PUBLIC int gettimeofday(struct timeval *restrict tv, void *restrict tz) {
    struct timespec ts;
    if (tz) *(struct timezone *)tz = (struct timezone){0};
    if (clock_gettime(CLOCK_REALTIME, &ts)) return -1;
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;
    return 0;
}

PUBLIC time_t time(time_t *ret_seconds) {
    struct timespec ts;
    if (clock_gettime(CLOCK_REALTIME, &ts)) return (time_t)-1;
    if (ret_seconds) *ret_seconds = ts.tv_sec;
    return ts.tv_sec;
}

PUBLIC pid_t getpid(void) {
    return page ? CLOCK_PAGE_PID : (pid_t)syscall(SYS_getpid);
}

/* splitmix64; the stream goes on from one opening of the file to the next. */
static ssize_t read_entropy(void *cookie, char *bytes, size_t len) {
    (void)cookie;
    for (size_t i = 0; i < len; i++) {
        uint64_t z = entropy += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        bytes[i] = (char)(z >> 56);
    }
    return (ssize_t)len;
}

typedef FILE *open_function(const char *path, const char *mode);

static FILE *open_file(const char *name, const char *path, const char *mode) {
    if (page && (!strcmp(path, "/dev/urandom") || !strcmp(path, "/dev/random"))) {
        FILE *file = fopencookie(NULL, "r", (cookie_io_functions_t){.read = read_entropy});
        if (file) setvbuf(file, NULL, _IONBF, 0); /* a buffer would swallow more of the stream than was asked for */
        return file;
    }
    open_function *real;
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(&real, &symbol, sizeof real); /* ISO C has no cast from an object to a function */
    if (real) return real(path, mode);
    errno = ENOSYS;
    return NULL;
}

PUBLIC FILE *fopen(const char *restrict path, const char *restrict mode) {
    return open_file("fopen", path, mode);
}

PUBLIC FILE *fopen64(const char *restrict path, const char *restrict mode) {
    return open_file("fopen64", path, mode);
}

static int wait_once(int epfd, struct epoll_event *events, int max, int timeout) {
    return (int)syscall(SYS_epoll_pwait, epfd, events, max, timeout, NULL, 8);
}

/* Called by Redis's main thread only. */
PUBLIC int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout) {
    if (page && timeout != 0 && spin_begin(&spinning, page->spin_nsec)) {
        do {
            int n = wait_once(epfd, events, max, 0);
            if (n > 0) spin_won(&spinning);
            if (n) return n;
        } while (spin_again(&spinning));
    }
    return wait_once(epfd, events, max, timeout);
}
