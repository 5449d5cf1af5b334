/* fellows.h - a few instances on one real Redis in virtual time, played by hand: what each was told, and what can happen to it.
 *
 * Each has its own link, and one for reads that block: here it asks every 20 ms until something comes. Network delays and costs are zero.
 * One world at a time; each test runs in a process of its own. */
#ifndef TESTS_SUPPORT_FELLOWS_H
#define TESTS_SUPPORT_FELLOWS_H

#include "core/instance/instance.h"
#include "sim/engine/engine.h"
#include "sim/redis_host/link_virtual.h"

enum { FELLOWS_MAX = 64, TOLD_MAX = 4096 };

extern engine *fellow_engine;
extern virtual_redis *fellow_redis;
extern keyspace keys;
extern instance_config fellow_config; /* to be changed between open_fellows() and fellow_start() */
extern sched_error fellow_err;
extern const usec_t fellow_second;

typedef enum handling { HANDLE_WELL, HANDLE_BADLY, HANDLE_NEVER } handling;

typedef struct told {
    int who;     /* of the fellows */
    bool orphan; /* an entry of a dead one */
    bool well;   /* it was handled, at once */
    char job[ID_MAX + 1];
    usec_t at;
    entry_token token;
} told;

/* All that was told of entries, in order. */
extern told tellings[TOLD_MAX];
extern int told_count;
/* How often an entry of this job was told to anybody, and to this one; who < 0: anybody. */
int told_of(const char *job, int who);

void open_fellows(void);
/* Those that live leave; calls come back. */
void close_fellows(void);
void fellow_pass(usec_t time);

/* Starts one more; its number, which is also that of its id "i0", "i1", ... */
int fellow_start(void);
instance *fellow(int who);
const char *fellow_id(int who);
void fellow_handles(int who, handling how);
/* The process ends without a word. */
void fellow_crash(int who);
/* SIGSTOP: time and Redis go on without it. */
void fellow_pause(int who);
void fellow_resume(int who);
void fellow_leave(int who);
/* Its way to Redis. */
void fellow_cut(int who);
void fellow_mend(int who);
/* Each of its calls waits so long before it is sent: as behind a read that holds the connection. */
void fellow_slow(int who, usec_t wait);
/* Of `from` to `to`, about `job`: an ASSIGN. Waits for the result. */
send_result fellow_send(int from, const char *to, const char *job);
/* Without waiting. `result` is written when it comes. */
void fellow_send_soon(int from, const char *to, const char *job, send_result *result);

bool fellow_runs(int who); /* started, and neither crashed nor lost nor gone */
bool fellow_is_paused(int who);
bool fellow_left(int who);
const char *fellow_lost(int who); /* why; "" when it was not told */
int fellow_deaths(int who);       /* told to it */
const char *fellow_death(int who, int n);

/* The reply of a plain command, as a number; "XLEN". */
int64_t fellow_ask_int(const char *command, const char *key);
/* Commands that the server has executed for all of them, without the many small reads of this world. */
uint64_t fellow_commands(void);
/* All keys of the namespace, sorted, by one space. */
const char *all_keys(void);

#endif
