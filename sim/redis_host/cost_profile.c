/* cost_profile.c - the default profile: what each script and command cost a Redis 7.0.15 beside schedulers that keep it busy, on two cores of
 * an AMD EPYC of 2024 (family 26).
 *
 * The rows are those of scenarios/profiles/two_cores.json (a test compares them), which `lingua-bench calibrate` has written: five runs of
 * 2,500 jobs a second in real time, each foretold by the other four within 9.6 percent. Reading, writing and waking are in them, shared by
 * the calls that happened to come together. A server that does nothing but execute calls which are already there needs less than half of
 * it (`lingua-bench run scripts`); docs/VALIDATION.md holds both against a running linguad.
 *
 * RARE: too seldom in those runs to be told. Measured alone, 20,000 calls sent 16 at a time, and scaled by what the runs made of the
 * others (2.28). */
#include "sim/redis_host/cost_model.h"

#define RARE(usec)                                                                                                     \
    { usec, 0.0031966, 0.15 }

// clang-format off
const cost_profile cost_profile_default = {
    .script = { /* base, us; us for a byte of the call; standard deviation / mean */
        [SCRIPT_REGISTER_NODE]          = {31.6130, 0.0002767, 0.3200},
        [SCRIPT_HEARTBEAT]              = {32.9622, 0.0002767, 0.5250},
        [SCRIPT_NODE_ASSIGNED]          = {16.7206, 0.0002767, 0.3333},
        [SCRIPT_DRAIN_NODE]             = RARE(12.9128),
        [SCRIPT_NODE_OFFLINE]           = {22.5084, 0.0002767, 0.2500},
        [SCRIPT_FORGET_NODE]            = {16.5723, 0.0002767, 0.2778},
        [SCRIPT_POOL_JOIN]              = {16.9468, 0.0003697, 0.4000},
        [SCRIPT_POOL_LEAVE]             = {20.1713, 0.0002767, 0.2917},
        [SCRIPT_SELECT_NODE]            = {20.6475, 0.0002767, 0.2692},
        [SCRIPT_SELECT_SHARD]           = RARE(77.6723),
        [SCRIPT_BIASED_SELECT]          = RARE(12.6128),
        [SCRIPT_RESERVE_NODE]           = {26.7511, 0.0002767, 0.2895},
        [SCRIPT_CONFIRM_RESERVATION]    = {18.2136, 0.0002767, 0.3500},
        [SCRIPT_RELEASE_RESERVATION]    = {20.0294, 0.0002767, 0.2500},
        [SCRIPT_COUNTED_RESERVE]        = RARE(27.2449),
        [SCRIPT_COUNTED_RELEASE]        = RARE(12.9566),
        [SCRIPT_COUNTED_OVERWRITE]      = RARE(6.6900),
        [SCRIPT_MARK_SERVICE]           = RARE(22.9026),
        [SCRIPT_CREATE_JOB]             = {26.5182, 0.0002767, 0.2632},
        [SCRIPT_MARK_DISPATCHED]        = {19.5007, 0.0002767, 0.2727},
        [SCRIPT_ACCEPT_JOB]             = {19.6443, 0.0002767, 0.2917},
        [SCRIPT_START_JOB]              = {17.6168, 0.0002767, 0.3000},
        [SCRIPT_COMPLETE_TASK]          = {24.7520, 0.0002767, 0.2647},
        [SCRIPT_RELEASE_JOB]            = RARE(10.1071),
        [SCRIPT_FAILOVER_REASSIGN]      = RARE(22.9706),
        [SCRIPT_WRITE_JOB_COPY]         = RARE(21.8052),
        [SCRIPT_UNLOCK_REQUEST]         = RARE(9.1103),
        [SCRIPT_ADOPT_JOB]              = RARE(22.8236),
        [SCRIPT_OPEN_SESSION]           = {22.9542, 0.0002767, 0.4231},
        [SCRIPT_RENEW_SESSION]          = RARE(6.7105),
        [SCRIPT_CLOSE_SESSION]          = {15.3828, 0.0002767, 0.4167},
        [SCRIPT_ROOM_CREATE]            = RARE(18.4324),
        [SCRIPT_ROOM_JOIN]              = RARE(25.5279),
        [SCRIPT_ROOM_LEAVE]             = RARE(16.2651),
        [SCRIPT_ROOM_SPEAK]             = RARE(19.8540),
        [SCRIPT_ROOM_PREFER]            = RARE(13.9544),
        [SCRIPT_INSTANCE_BEAT]          = RARE(19.6960),
        [SCRIPT_LIST_INSTANCE]          = RARE(28.6404),
        [SCRIPT_LEAVE_INSTANCE]         = RARE(7.4604),
        [SCRIPT_INBOX_ADD]              = {20.5912, 0.0002767, 0.3077},
        [SCRIPT_INBOX_DONE]             = RARE(18.8023),
        [SCRIPT_DEAD_LETTER]            = RARE(55.5803),
        [SCRIPT_ADOPT_INSTANCE]         = RARE(15.8217),
        [SCRIPT_FORGET_INSTANCE]        = RARE(6.8621),
    },
    .command = {7.6908, 0.0002767, 0.0000},
};
// clang-format on
