/* room.c - rooms. */
#include "core/scheduler/session_flow.h"
void room_gone(session *one) {
    one->room[0] = '\0';
}
