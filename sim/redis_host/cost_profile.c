/* cost_profile.c - the default profile: what each script cost a Redis 7.0.15 on one core of an AMD EPYC of 2024
 * (family 26).
 *
 * Measured on an ordinary private server without persistence: 20,000 calls of one kind, 100 nodes, pools of 100
 * members, sent 16 at a time; user and system time of the server (INFO cpu) per call, the median of five runs,
 * which lay within 10 %. So the server's reading and writing is in it, shared by 16 calls; commandstats alone are 1
 * to 1.5 usec lower, and a call that travels alone costs some microseconds of system calls more. The dependence on
 * size comes from calls with an argument of 1,000 bytes more. Spread: the percentiles 16 and 84 of SLOWLOG's
 * durations lay 0.06 to 0.19 of the median away from it.
 *
 * A script that was changed later has its former figure times the ratio of both versions in one run, so that all rows are of
 * one machine in one state.
 *
 * `wire` is the size of the calls that were measured; the base is what remains of `usec` without it. */
#include "sim/redis_host/cost_model.h"

#define PER_BYTE 0.0014
#define SCRIPT(usec, wire)                                                                                             \
    { .base_usec = (usec)-PER_BYTE * (wire), .usec_per_byte = PER_BYTE, .cv = 0.15 }

// clang-format off
const cost_profile cost_profile_default = {
    .script = {
        [SCRIPT_REGISTER_NODE]          = SCRIPT( 9.02, 353),
        [SCRIPT_HEARTBEAT]              = SCRIPT( 8.44, 347),
        [SCRIPT_NODE_ASSIGNED]          = SCRIPT( 6.03, 188),
        [SCRIPT_DRAIN_NODE]             = SCRIPT( 5.92, 189),
        [SCRIPT_NODE_OFFLINE]           = SCRIPT(34.03, 265),
        [SCRIPT_FORGET_NODE]            = SCRIPT( 7.31, 238),
        [SCRIPT_POOL_JOIN]              = SCRIPT( 6.07, 203),
        [SCRIPT_POOL_LEAVE]             = SCRIPT(10.79, 214),
        [SCRIPT_SELECT_NODE]            = SCRIPT( 5.60, 144), /* 4 candidates */
        [SCRIPT_SELECT_SHARD]           = SCRIPT(34.20, 130), /* by its ratio to select_node in one run, 6.1 */
        [SCRIPT_BIASED_SELECT]          = SCRIPT( 5.79, 190), /* this and the counted ones by ratio, as above: 1.03, 0.96, 0.92, */
        [SCRIPT_COUNTED_RESERVE]        = SCRIPT(12.40, 334), /* and 0.52 of node_assigned */
        [SCRIPT_COUNTED_RELEASE]        = SCRIPT( 5.97, 211),
        [SCRIPT_COUNTED_OVERWRITE]      = SCRIPT( 3.14, 150),
        [SCRIPT_RESERVE_NODE]           = SCRIPT(12.92, 334),
        [SCRIPT_CONFIRM_RESERVATION]    = SCRIPT( 9.07, 241),
        [SCRIPT_RELEASE_RESERVATION]    = SCRIPT( 6.49, 211),
        [SCRIPT_MARK_SERVICE]           = SCRIPT(10.34, 221),
        [SCRIPT_CREATE_JOB]             = SCRIPT(13.60, 337),
        [SCRIPT_MARK_DISPATCHED]        = SCRIPT(10.42, 211),
        [SCRIPT_ACCEPT_JOB]             = SCRIPT( 8.54, 211),
        [SCRIPT_START_JOB]              = SCRIPT( 8.61, 211),
        [SCRIPT_COMPLETE_TASK]          = SCRIPT(13.55, 274),
        [SCRIPT_RELEASE_JOB]            = SCRIPT( 4.68, 181),
        [SCRIPT_FAILOVER_REASSIGN]      = SCRIPT(10.36, 214),
        [SCRIPT_WRITE_JOB_COPY]         = SCRIPT( 9.90, 250), /* by its ratio to create_job in one run, 0.73 */
        [SCRIPT_UNLOCK_REQUEST]         = SCRIPT( 4.20, 150), /* likewise, 0.26 where nobody holds it, and a DEL */
        [SCRIPT_ADOPT_JOB]              = SCRIPT(10.36, 260), /* as failover_reassign_job */
        [SCRIPT_OPEN_SESSION]           = SCRIPT( 8.10, 194),
        [SCRIPT_RENEW_SESSION]          = SCRIPT( 3.17, 165), /* as close_session */
        [SCRIPT_CLOSE_SESSION]          = SCRIPT( 3.17, 158),
        [SCRIPT_ROOM_CREATE]            = SCRIPT( 8.35, 198),
        [SCRIPT_ROOM_JOIN]              = SCRIPT(11.48, 214), /* rooms of 2 to 4 */
        [SCRIPT_ROOM_LEAVE]             = SCRIPT( 7.30, 126),
        [SCRIPT_ROOM_SPEAK]             = SCRIPT( 8.89, 139),
        [SCRIPT_ROOM_PREFER]            = SCRIPT( 6.33, 156),
        [SCRIPT_INSTANCE_BEAT]          = SCRIPT( 9.00, 267),
        [SCRIPT_LIST_INSTANCE]          = SCRIPT(12.72, 126), /* 4 instances */
        [SCRIPT_LEAVE_INSTANCE]         = SCRIPT( 3.49, 159),
        [SCRIPT_INBOX_ADD]              = SCRIPT(10.22, 281),
        [SCRIPT_INBOX_DONE]             = SCRIPT( 8.40, 118), /* one entry; each more 1.6 */
        [SCRIPT_DEAD_LETTER]            = SCRIPT(24.60, 184),
        [SCRIPT_ADOPT_INSTANCE]         = SCRIPT( 7.25, 229),
        [SCRIPT_FORGET_INSTANCE]        = SCRIPT( 3.20, 139),
    },
    .command = {.base_usec = 1.0, .usec_per_byte = 0.0003, .cv = 0.15}, /* ZRANGEBYSCORE of 16; ECHO costs 0.6 */
};
// clang-format on
