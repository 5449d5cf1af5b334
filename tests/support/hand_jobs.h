/* hand_jobs.h - jobs of the hand-played world that begin as a session would begin them: with siblings, or with a node to ask first. */
#ifndef TESTS_SUPPORT_HAND_JOBS_H
#define TESTS_SUPPORT_HAND_JOBS_H

#include "core/scheduler/session_flow.h"

/* Five seconds of English are to be heard in `tgt`, said in session s-1. `fan` NULL: it has no siblings; `affine` "": no node. */
void begin_job(uint64_t utterance, const char *tgt, fanout *fan, const char *affine);
/* For the jobs of one utterance; the last of them frees it. */
fanout *new_fanout(void);

#endif
