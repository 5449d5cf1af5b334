/* checker_story.h - hand-written streams of events for the checker: one millisecond apart, about session s1 and de:en unless said
 * otherwise. */
#ifndef TESTS_SUPPORT_CHECKER_STORY_H
#define TESTS_SUPPORT_CHECKER_STORY_H

#include "sim/measure/checker.h"

#define START  INT64_C(1700000000000000)
#define SECOND USEC_PER_SEC

extern checker *c;
extern usec_t now;

void set_up_with(bool limit);
void set_up(void);
/* Several instances; the first one, "i0", tells until another one is named. */
void set_up_several(bool jobs_survive);
void told_by(const char *id);
void tear_down(void);

void core(sched_event event);
void world(trace_event event);

void create(const char *job);
void reserve(const char *job, int64_t attempt, const char *node, int64_t value);
void dispatch(const char *job, int64_t attempt, const char *node);
void place(const char *job, int64_t attempt, const char *node);
void work(const char *job, int64_t attempt, const char *node);
void unreserve(const char *job, int64_t attempt, const char *node);
void retry(const char *job, int64_t attempt, const char *node);
void finish(const char *job, int64_t attempt, const char *node, job_outcome outcome);
void release(const char *job);
void whole_job(const char *job);
/* Whole bins end. */
void bins_pass(int seconds);

void expect_clean(void);
/* That kind, and no other. */
const violation *expect(violation_kind kind);

#endif
