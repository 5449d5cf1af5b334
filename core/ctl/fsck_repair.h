/* fsck_repair.h - what can be done about a finding of fsck.
 *
 * Each repair looks again first, with every key that it reads under WATCH, and then makes one change that takes effect only if
 * none of these keys has changed since. So on a system at work it either repairs what is there, or does nothing. What cannot be
 * made right without guessing is left alone, and the reason is told. */
#ifndef CORE_CTL_FSCK_REPAIR_H
#define CORE_CTL_FSCK_REPAIR_H

#include "core/ctl/fsck.h"

typedef enum fsck_result {
    FSCK_REPAIRED,
    FSCK_NOT_THERE, /* any more: somebody else was faster, or another repair did it */
    FSCK_NOT_REPAIRED,
} fsck_result;

typedef struct fsck_repair {
    fsck_result result;
    char text[FSCK_TEXT_MAX]; /* what was done, or why nothing was */
} fsck_repair;

/* Scripts must be loaded into the client. */
sched_status fsck_repair_one(sync_client *client, const keyspace *ks, const fsck_finding *finding,
                             fsck_repair *ret_repair, sched_error *err);
/* The order in which findings are best repaired, as strcmp() tells it: places before members that are too many, jobs before what
 * names them, and of one pool the last position first, since the last member moves into the place of one that leaves. */
int fsck_repair_order(const keyspace *ks, const fsck_finding *a, const fsck_finding *b);

#endif
