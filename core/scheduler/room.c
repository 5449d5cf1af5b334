/* room.c - rooms. */
#include "core/scheduler/session_flow.h"
void room_gone(session *one) {
    one->room[0] = '\0';
}
void job_cancel(job *j, job_outcome outcome, const char *code) {
    (void)j, (void)outcome, (void)code;
}
