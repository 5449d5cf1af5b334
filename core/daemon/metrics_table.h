/* metrics_table.h - the counters that events feed, and the histograms: one row each, from which metrics.c takes their places and
 * metrics_text.c their texts.
 *
 *   X(id, name behind "lingua_", label or NULL, its values, what it counts)
 *
 * Values are a list closed by NULL whose last one, "other", takes what is not in it. */
// clang-format off
#define METRICS_COUNTERS(X) \
    X(REQUESTS_CREATED,     "requests_created_total",        NULL,      NULL,            "Requests that became a job.") \
    X(REQUESTS_REFUSED,     "requests_refused_total",        "code",    refusal_codes,   "Requests that were answered with an error, and no job was made.") \
    X(REQUESTS_REPEATED,    "requests_repeated_total",       NULL,      NULL,            "Requests whose id was bound to a job before.") \
    X(JOBS_FINISHED,        "jobs_finished_total",           "outcome", outcomes,        "Jobs that ended, by outcome.") \
    X(JOBS_FAILED,          "jobs_failed_total",             "code",    failure_codes,   "Jobs that ended failed, timed out or cancelled, by error code.") \
    X(JOBS_DISPATCHED,      "jobs_dispatched_total",         NULL,      NULL,            "Assignments that left for a node, attempts counted one by one.") \
    X(JOBS_ACCEPTED,        "jobs_accepted_total",           NULL,      NULL,            "Assignments that the node acknowledged.") \
    X(JOBS_STARTED,         "jobs_started_total",            NULL,      NULL,            "Assignments of which the node said that it began.") \
    X(JOBS_WAITED,          "jobs_waited_total",             NULL,      NULL,            "Attempts that had to wait, because every candidate was full.") \
    X(JOBS_RETRIED,         "job_retries_total",             "reason",  failure_codes,   "Further attempts, by what became of the one before.") \
    X(JOBS_CANCELS,         "job_cancels_total",             NULL,      NULL,            "Jobs that somebody wanted to end.") \
    X(JOBS_ADOPTED,         "jobs_adopted_total",            NULL,      NULL,            "Jobs of dead instances that go on here.") \
    X(JOBS_REMADE,          "jobs_remade_total",             NULL,      NULL,            "Jobs that Redis had lost and that were made again.") \
    X(JOBS_LOOKED_UP,       "jobs_looked_up_total",          "result",  lookups,         "Questions of clients or nodes about jobs that nobody here works on.") \
    X(RESERVATIONS,         "reservations_total",            NULL,      NULL,            "Slots of nodes that were reserved.") \
    X(RESERVATIONS_EXTENDED,"reservations_extended_total",   NULL,      NULL,            "Reservations that were prolonged, because the job began late.") \
    X(GRANTS_REFUSED,       "grants_refused_total",          "reason",  grant_words,     "Candidates that did not take a job.") \
    X(CONFIRMS_REFUSED,     "confirms_refused_total",        "reason",  confirm_words,   "Reservations that were lost before the assignment could leave.") \
    X(AFFINITY,             "affinity_total",                "result",  affinities,      "Sentences that went on: whether their node could keep them.") \
    X(STALE,                "node_messages_stale_total",     NULL,      NULL,            "Messages about an older attempt or a finished job, which changed nothing.") \
    X(RESULTS_SENT,         "results_sent_total",            "outcome", outcomes,        "Answers handed to the session's connection.") \
    X(RESULTS_FORWARDED,    "results_forwarded_total",       NULL,      NULL,            "Answers sent to the instance over which the session speaks now.") \
    X(RESULTS_UNHEARD,      "results_unheard_total",         NULL,      NULL,            "Answers whose session was gone.") \
    X(RESULTS_MISSING,      "results_missing_total",         NULL,      NULL,            "Utterances given up, because later results waited for them.") \
    X(RESULTS_LATE,         "results_late_total",            NULL,      NULL,            "Results that came after their utterance was given up.") \
    X(RESULTS_HELD,         "results_empty_held_total",      NULL,      NULL,            "Empty results that were held, because a full one might follow.") \
    X(CUTS,                 "utterances_cut_total",          "reason",  cut_reasons,     "Utterances cut from streams, by what ended them.") \
    X(CUT_BYTES,            "utterances_cut_bytes_total",    NULL,      NULL,            "Bytes of sound in these.") \
    X(CUTS_EMPTY,           "utterances_empty_total",        NULL,      NULL,            "Final chunks with nothing collected.") \
    X(AUDIO_REFUSED,        "audio_refused_total",           "code",    refusal_codes,   "Chunks of sound that were refused.") \
    X(AUDIO_REFUSED_BYTES,  "audio_refused_bytes_total",     NULL,      NULL,            "Bytes of sound in refused chunks.") \
    X(AUDIO_DROPPED_BYTES,  "audio_dropped_bytes_total",     NULL,      NULL,            "Bytes that were collected of sessions that went away.") \
    X(SESSIONS_OPENED,      "sessions_opened_total",         NULL,      NULL,            "Sessions opened here.") \
    X(SESSIONS_CLOSED,      "sessions_closed_total",         "reason",  session_ends,    "Sessions that ended here.") \
    X(ROOMS_JOINED,         "rooms_joined_total",            NULL,      NULL,            "Members that joined a room.") \
    X(ROOMS_LEFT,           "rooms_left_total",              NULL,      NULL,            "Members that left a room.") \
    X(NODES_REGISTERED,     "nodes_registered_total",        NULL,      NULL,            "Registrations of nodes.") \
    X(NODES_READY,          "nodes_ready_total",             NULL,      NULL,            "Nodes that came into all their pools.") \
    X(NODES_REFUSED,        "nodes_refused_total",           "code",    refusal_codes,   "Registrations that were refused.") \
    X(NODES_OFFLINE,        "nodes_offline_total",           "reason",  offline_reasons, "Nodes that went offline.") \
    X(NODES_EXPIRED,        "nodes_expired_heartbeats_total",NULL,      NULL,            "Nodes that had expired and came back with a heartbeat.") \
    X(NODES_DEGRADED,       "nodes_degraded_total",          "reason",  degradations,    "Nodes that were degraded.") \
    X(NODES_RECOVERED,      "nodes_recovered_total",         NULL,      NULL,            "Degraded nodes that did a job well again.") \
    X(NODES_DRAINING,       "nodes_draining_total",          "by",      drainers,        "Nodes that began to drain.") \
    X(NODES_MARKED,         "nodes_marked_total",            NULL,      NULL,            "Marks: a model is missing at a node.") \
    X(NODE_ERRORS,          "node_errors_total",             "code",    node_codes,      "Errors that nodes told of themselves.") \
    X(REDIS_ERRORS,         "redis_errors_total",            "reason",  redis_errors,    "Calls that Redis refused, answered with an error, or never answered.") \
    X(REDIS_OUTAGES,        "redis_outages_total",           NULL,      NULL,            "Times that Redis was found not to answer.") \
    X(COPIES_DISAGREE,      "job_copies_disagree_total",     NULL,      NULL,            "Copies of jobs in memory that were not as their record.")

/*  X(id, name behind "lingua_", what it measures) */
#define METRICS_HISTOGRAMS(X) \
    X(PLACEMENT,  "placement_seconds",  "From the arrival of a request until a node took its first attempt, waiting included.") \
    X(DISPATCH,   "dispatch_seconds",   "From the arrival of a request until its first assignment left.") \
    X(NODE,       "node_seconds",       "From an assignment until the end of the job, both ways included.") \
    X(END_TO_END, "end_to_end_seconds", "From the arrival of a request until its result was handed to the session's connection.")
// clang-format on
