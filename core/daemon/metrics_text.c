/* metrics_text.c - the text that Prometheus reads: # HELP, # TYPE, then a line for each value of the label, zeros included, so that a
 * rate is known from the first event on. */
#include "core/daemon/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/daemon/metrics_internal.h"
#include "core/daemon/process_counts.h"
#include "core/redis/scripts.h"

/* ---- what others count ---------------------------------------------------------------------------------------------- */

typedef enum field_type { SIGNED, UNSIGNED, TRUTH } field_type;

typedef struct now_row {
    const char *name, *type, *labels; /* labels "": none */
    size_t at;
    field_type field;
    const char *help; /* of the first row of a name; NULL: as the row before */
} now_row;

#define FIELD_TYPE(field) _Generic(((metrics_now *)0)->field, int64_t : SIGNED, uint64_t : UNSIGNED, bool : TRUTH)
#define ROW(name, type, labels, field, help)                                                                           \
    { "lingua_" name, type, labels, offsetof(metrics_now, field), FIELD_TYPE(field), help }
#define GAUGE(name, field, help)           ROW(name, "gauge", "", field, help)
#define COUNTER(name, labels, field, help) ROW(name, "counter", labels, field, help)

// clang-format off
static const now_row now_rows[] = {
    GAUGE("ready", ready, "1 while this instance takes work: Redis answers, and it is not leaving."),
    GAUGE("draining", draining, "1 while it is leaving."),
    GAUGE("redis_down", scheduler.redis_down, "1 while Redis does not answer, and new requests are refused."),
    GAUGE("nodes", scheduler.nodes, "Nodes registered over connections of this instance."),
    GAUGE("sessions", scheduler.sessions, "Sessions open over connections of this instance."),
    GAUGE("sessions_limit", limits.sessions, "Sessions that it takes at most."),
    GAUGE("jobs", scheduler.jobs, "Unfinished jobs of this instance."),
    GAUGE("jobs_limit", limits.jobs, "Unfinished jobs that it takes at most."),
    GAUGE("jobs_waiting", scheduler.waiting, "Of these, jobs that wait for room at a node."),
    GAUGE("jobs_guests", scheduler.guests, "Jobs of other instances at nodes of this one."),
    GAUGE("audio_bytes", scheduler.audio_bytes, "Sound in memory: collected, and of unfinished jobs."),
    GAUGE("audio_limit_bytes", limits.audio_bytes, "Sound that it keeps in memory at most."),

    GAUGE("redis_calls_in_flight", scheduler.calls, "Calls to Redis without an answer yet."),
    COUNTER("redis_answers_total", "", redis.answered, "Calls that Redis answered, errors included."),
    COUNTER("redis_commands_total", "", redis.sent, "Commands sent to Redis, repetitions included."),
    COUNTER("redis_sent_bytes_total", "", redis.bytes_sent, "Bytes of calls to Redis."),
    COUNTER("redis_received_bytes_total", "", redis.bytes_received, "Bytes of its answers."),
    COUNTER("redis_script_reloads_total", "", redis.reloads, "Scripts that Redis had lost and that were loaded again."),
    COUNTER("redis_connections_total", "", redis.connections, "Connections to Redis that became ready."),

    GAUGE("connections", server.connections, "Open WebSocket and HTTP connections."),
    GAUGE("connections_limit", limits.connections, "Connections that it takes at most."),
    GAUGE("connections_queued_bytes", server.queued_bytes, "Bytes that wait for readers of connections."),
    COUNTER("connections_accepted_total", "", server.accepted, "Connections that were let in."),
    COUNTER("connections_refused_total", "reason=\"full\"", server.refused_full, "Connections that were turned away: too many, no or a wrong token, the instance is leaving, a handshake that did not end."),
    COUNTER("connections_refused_total", "reason=\"token\"", server.refused_token, NULL),
    COUNTER("connections_refused_total", "reason=\"leaving\"", server.refused_away, NULL),
    COUNTER("connections_refused_total", "reason=\"handshake\"", server.handshakes_late, NULL),
    COUNTER("connections_cut_total", "reason=\"too_large\"", server.too_large, "Connections that were ended for what they sent, or did not read."),
    COUNTER("connections_cut_total", "reason=\"not_utf8\"", server.not_utf8, NULL),
    COUNTER("connections_cut_total", "reason=\"flood\"", server.flood_cuts, NULL),
    COUNTER("connections_cut_total", "reason=\"slow_reader\"", server.slow_readers, NULL),
    COUNTER("connections_cut_total", "reason=\"idle\"", server.idle_cuts, NULL),
    COUNTER("connections_slowed_total", "", server.floods, "Times that a connection said too much and was not read for a while."),
    COUNTER("messages_total", "direction=\"in\"", server.messages_in, "WebSocket messages."),
    COUNTER("messages_total", "direction=\"out\"", server.messages_out, NULL),
    COUNTER("message_bytes_total", "direction=\"in\"", server.bytes_in, "Bytes of these."),
    COUNTER("message_bytes_total", "direction=\"out\"", server.bytes_out, NULL),
    COUNTER("http_requests_total", "", server.http_requests, "HTTP requests."),

    GAUGE("peers", peers.connected, "Instances to which a connection of ours is open."),
    COUNTER("peer_messages_sent_total", "", peers.sent, "Messages to other instances."),
    COUNTER("peer_messages_dropped_total", "", peers.dropped, "Messages to other instances that could not be sent."),
    COUNTER("peer_bytes_sent_total", "", peers.bytes, "Bytes to other instances."),
    COUNTER("peer_connects_total", "", peers.connects, "Connections to other instances that became ready."),
    COUNTER("peer_failures_total", "", peers.failures, "Connections to other instances that failed or broke."),

    GAUGE("instances_others", instance.others, "Other instances in the list."),
    GAUGE("inbox_open", instance.open, "Entries of the inbox that are being handled."),
    COUNTER("inbox_sent_total", "result=\"ok\"", instance.sent, "Entries for inboxes of other instances."),
    COUNTER("inbox_sent_total", "result=\"gone\"", instance.gone, NULL),
    COUNTER("inbox_sent_total", "result=\"full\"", instance.full, NULL),
    COUNTER("inbox_sent_total", "result=\"unknown\"", instance.unknown, NULL),
    COUNTER("inbox_read_total", "delivery=\"first\"", instance.read, "Entries read from inboxes."),
    COUNTER("inbox_read_total", "delivery=\"again\"", instance.again, NULL),
    COUNTER("inbox_handled_total", "", instance.handled, "Entries that were handled."),
    COUNTER("dead_letters_total", "", instance.dead_letters, "Entries that nobody could handle, put aside by this instance."),
    COUNTER("instances_adopted_total", "", instance.adopted, "Dead instances of which this one took over what was left."),
    COUNTER("orphans_total", "", instance.orphans, "Entries of dead instances that were handled here."),
};
// clang-format on

static double value_at(const metrics_now *now, const now_row *row) {
    const char *at = (const char *)now + row->at;
    switch (row->field) {
    case SIGNED: return (double)*(const int64_t *)(const void *)at;
    case UNSIGNED: return (double)*(const uint64_t *)(const void *)at;
    case TRUTH: return *(const bool *)(const void *)at;
    }
    return 0;
}

/* ---- lines ---------------------------------------------------------------------------------------------------------- */

static void head(FILE *out, const char *name, const char *type, const char *help) {
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Whole numbers up to 10^15 as they are. */
static void line(FILE *out, const char *name, const char *labels, double value) {
    fprintf(out, *labels ? "%s{%s} %.15g\n" : "%s%s %.15g\n", name, labels, value);
}

static void write_now(FILE *out, const metrics_now *now) {
    for (size_t i = 0; i < sizeof now_rows / sizeof *now_rows; i++) {
        const now_row *row = &now_rows[i];
        if (row->help) head(out, row->name, row->type, row->help);
        line(out, row->name, row->labels, value_at(now, row));
    }
}

static void write_counters(FILE *out, const metrics *m) {
    char labels[96];
    for (int id = 0; id < COUNTERS; id++) {
        const counter_row *row = &metrics_counters[id];
        head(out, row->name, "counter", row->help);
        if (!row->values) line(out, row->name, "", (double)m->counts[id][0]);
        for (int v = 0; row->values && row->values[v]; v++) {
            snprintf(labels, sizeof labels, "%s=\"%s\"", row->label, row->values[v]);
            line(out, row->name, labels, (double)m->counts[id][v]);
        }
    }
    head(out, "lingua_utterances_cut_seconds_total", "counter", "Length of the speech in utterances cut from streams.");
    line(out, "lingua_utterances_cut_seconds_total", "", (double)m->cut_usec / USEC_PER_SEC);
}

static void write_refused_messages(FILE *out, const metrics *m) {
    static const char name[] = "lingua_messages_refused_total";
    char labels[96];
    head(out, name, "counter", "Messages that were answered with an error, by the door they came through.");
    for (int d = 0; metrics_doors[d]; d++)
        for (int c = 0; metrics_refusals[c]; c++) {
            snprintf(labels, sizeof labels, "door=\"%s\",code=\"%s\"", metrics_doors[d], metrics_refusals[c]);
            line(out, name, labels, (double)m->refused_messages[d][c]);
        }
}

static void write_scripts(FILE *out, const metrics_now *now) {
    static const char name[] = "lingua_redis_script_calls_total";
    char labels[96];
    head(out, name, "counter", "Calls of scripts sent to Redis.");
    for (int s = 0; s < SCRIPT_COUNT; s++) {
        snprintf(labels, sizeof labels, "script=\"%s\"", scripts_name((script_id)s));
        line(out, name, labels, (double)now->redis.by_script[s]);
    }
}

/* `upto`: values at most metrics_bounds[i]. */
static void write_histogram(FILE *out, const histogram_row *row, const uint64_t upto[BUCKETS], uint64_t all,
                            double sum) {
    head(out, row->name, "histogram", row->help);
    for (int i = 0; i < BUCKETS; i++)
        fprintf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", row->name, (double)metrics_bounds[i] / USEC_PER_SEC,
                upto[i]);
    fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.9g\n%s_count %" PRIu64 "\n", row->name, all, row->name,
            sum, row->name, all);
}

static void write_histograms(FILE *out, const metrics *m) {
    for (int id = 0; id < HISTOGRAMS; id++) {
        const bucket_counts *h = &m->histograms[id];
        uint64_t upto[BUCKETS], below = 0;
        for (int i = 0; i < BUCKETS; i++) upto[i] = below += h->counts[i];
        write_histogram(out, &metrics_histograms[id], upto, h->count, h->sum);
    }
}

static void write_loop_lag(FILE *out, const histogram *lag) {
    static const histogram_row row = {"lingua_loop_lag_seconds",
                                      "How late timers of the event loop ran: what everything else waits, too."};
    uint64_t upto[BUCKETS] = {0};
    if (lag) histogram_count_up_to(lag, metrics_bounds, BUCKETS, upto);
    uint64_t all = lag ? histogram_count(lag) : 0;
    write_histogram(out, &row, upto, all, lag ? histogram_mean(lag) * (double)all / USEC_PER_SEC : 0);
}

static void gauge(FILE *out, const char *name, const char *help, double value) {
    head(out, name, "gauge", help);
    line(out, name, "", value);
}

static void write_process(FILE *out, const metrics_now *now) {
    process_counts p = process_count();
    char labels[160];
    snprintf(labels, sizeof labels, "version=\"%s\",instance=\"%s\"", now->version ? now->version : "",
             now->instance_id ? now->instance_id : "");
    head(out, "lingua_build_info", "gauge", "Always 1; who and which version it is.");
    line(out, "lingua_build_info", labels, 1);
    gauge(out, "lingua_start_time_seconds", "When this instance started, since 1970.",
          (double)now->started / USEC_PER_SEC);
    head(out, "lingua_process_cpu_seconds_total", "counter", "Time on processors, user and system.");
    line(out, "lingua_process_cpu_seconds_total", "", p.cpu_sec);
    gauge(out, "lingua_process_resident_bytes", "Memory that is in use.", (double)p.resident_bytes);
    gauge(out, "lingua_process_fds_limit", "Files that may be open.", (double)p.fds_max);
    if (p.open_fds >= 0)
        gauge(out, "lingua_process_open_fds", "Files that are open; not told before Linux 6.2.", (double)p.open_fds);
}

frame *metrics_text(const metrics *m, const metrics_now *now) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (!out) return frame_of_text("");
    write_process(out, now);
    write_now(out, now);
    write_scripts(out, now);
    write_counters(out, m);
    write_refused_messages(out, m);
    write_histograms(out, m);
    write_loop_lag(out, now->loop_lag);
    fclose(out);
    frame *f = frame_of_text(text);
    free(text);
    return f;
}
