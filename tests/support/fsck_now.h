/* fsck_now.h - is what the hand-played world has in Redis consistent? */
#ifndef TESTS_SUPPORT_FSCK_NOW_H
#define TESTS_SUPPORT_FSCK_NOW_H

/* Fails the test with the first finding. */
void expect_consistent(void);
/* Nodes and sessions leave, what is left over passes its TTL; then nothing may be left. Before close_world(). */
void expect_empty_in_the_end(void);

#endif
