/* script_list.h - every script of scripts/lua, once. The enum, the registry and the report's cost table are made from it. */
// clang-format off
/*    id                           file without ".lua" */
#define SCRIPT_LIST(X)                                          \
    X(SCRIPT_REGISTER_NODE,       "register_node_v2")           \
    X(SCRIPT_HEARTBEAT,           "heartbeat_with_pool_assign") \
    X(SCRIPT_NODE_ASSIGNED,       "node_assigned")              \
    X(SCRIPT_DRAIN_NODE,          "drain_node")                 \
    X(SCRIPT_NODE_OFFLINE,        "node_offline")               \
    X(SCRIPT_FORGET_NODE,         "forget_node")                \
    X(SCRIPT_POOL_JOIN,           "pool_join")                  \
    X(SCRIPT_POOL_LEAVE,          "pool_leave")                 \
    X(SCRIPT_SELECT_NODE,         "select_node")                \
    X(SCRIPT_SELECT_SHARD,        "select_shard")               \
    X(SCRIPT_RESERVE_NODE,        "reserve_node")               \
    X(SCRIPT_CONFIRM_RESERVATION, "confirm_reservation")        \
    X(SCRIPT_RELEASE_RESERVATION, "release_reservation")        \
    X(SCRIPT_MARK_SERVICE,        "mark_service")               \
    X(SCRIPT_CREATE_JOB,          "create_job")                 \
    X(SCRIPT_MARK_DISPATCHED,     "mark_job_dispatched")        \
    X(SCRIPT_ACCEPT_JOB,          "accept_job")                 \
    X(SCRIPT_START_JOB,           "start_job")                  \
    X(SCRIPT_COMPLETE_TASK,       "complete_task")              \
    X(SCRIPT_RELEASE_JOB,         "release_job")                \
    X(SCRIPT_FAILOVER_REASSIGN,   "failover_reassign_job")      \
    X(SCRIPT_OPEN_SESSION,        "open_session")               \
    X(SCRIPT_CLOSE_SESSION,       "close_session")              \
    X(SCRIPT_ROOM_CREATE,         "room_create")                \
    X(SCRIPT_ROOM_JOIN,           "room_join")                  \
    X(SCRIPT_ROOM_LEAVE,          "room_leave")                 \
    X(SCRIPT_ROOM_SPEAK,          "room_speak")                 \
    X(SCRIPT_ROOM_PREFER,         "room_prefer")
// clang-format on
