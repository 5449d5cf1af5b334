/* scenario_table.c - the whole language of scenarios: one row per key; those of a fault are in faults.c.
 *
 * Defaults are chosen so that a scenario of ten lines is a sensible one: nodes of 4 slots that need about a third of
 * real time, speakers who talk for 5 seconds and pause for 5. */
#include "sim/scenario/scenario.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/settings_print.h"
#include "core/base/yaml_bind.h"
#include "core/scheduler/scheduler.h"
#include "sim/scenario/sweep.h"

#define MSEC USEC_PER_MSEC
#define SEC  USEC_PER_SEC
#define HOUR (3600 * SEC)

/* --- an instant ------------------------------------------------------------------------------------------------- */

static sched_status read_instant(const yaml_value *v, void *field, sched_error *err) {
    struct tm tm = {0};
    char utc = 0, rest = 0;
    int n = sscanf(yaml_text(v), "%4d-%2d-%2dT%2d:%2d:%2d%c%c", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
                   &tm.tm_min, &tm.tm_sec, &utc, &rest);
    struct tm given = tm;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    time_t seconds = n == 7 && utc == 'Z' && given.tm_year >= 2000 && given.tm_year <= 2100 ? timegm(&tm) : -1;
    bool same = tm.tm_year == given.tm_year - 1900 && tm.tm_mon == given.tm_mon - 1 && tm.tm_mday == given.tm_mday &&
                tm.tm_hour == given.tm_hour && tm.tm_min == given.tm_min && tm.tm_sec == given.tm_sec;
    if (seconds < 0 || !same) {
        return yaml_fail(v, err, "start: expected an instant of the years 2000 to 2100 such as 2026-01-01T00:00:00Z");
    }
    *(usec_t *)field = (usec_t)seconds * SEC;
    return SCHED_OK;
}

static void print_instant(const void *field, FILE *out) {
    time_t seconds = (time_t)(*(const usec_t *)field / SEC);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    fprintf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
            tm.tm_sec);
}

static const setting_type instant_type = {"an instant such as 2026-01-01T00:00:00Z", read_instant, print_instant, NULL};

/* --- variants --------------------------------------------------------------------------------------------------- */

static sched_status read_variant(const yaml_value *v, void *field, sched_error *err) {
    sched_error inner = {0};
    variant_text *variant = field;
    sched_status status = yaml_expect(v, YAML_TEXT, "variants", err);
    if (status) return status;
    const char *text = yaml_text(v);
    if (strlen(text) >= sizeof variant->text)
        return yaml_fail(v, err, "variants: longer than %zu bytes", sizeof variant->text - 1);
    if (sweep_variant_check(text, &inner)) return yaml_fail(v, err, "%s", inner.message);
    strcpy(variant->text, text);
    return SCHED_OK;
}

static void print_variant(const void *field, FILE *out) {
    yaml_write_text(out, ((const variant_text *)field)->text);
}

static const setting_type variant_type = {"texts such as \"chance:scheduler.placement=random,scheduler.limit=no\"",
                                          read_variant, print_variant, NULL};

/* --- include ---------------------------------------------------------------------------------------------------- */

/* Files are included before a scenario is read (yaml_merge.h): whoever gets here found the key elsewhere. */
static sched_status refuse_include(const yaml_value *v, void *field, sched_error *err) {
    (void)field;
    return yaml_fail(v, err, "include: only a file can include another one");
}

static void print_nothing(const void *field, FILE *out) {
    (void)field, (void)out;
}

static const setting_type include_type = {"a file, or a list of files", refuse_include, print_nothing, NULL};

/* --- rows ------------------------------------------------------------------------------------------------------- */

static const char *const granularity_names[] = {"whole", "chunk", NULL};
static const char *const format_names[] = {"pcm16", "opus", NULL}; /* sound_format */
static const char *const costs_names[] = {"calibrated", "zero", "measured", NULL};

// clang-format off
#define STAGE(rows, real_time, fixed) \
    static const setting rows[] = { \
        ROW_NUMBER(stage_time, "rtf", rtf, 0, 100, real_time, "real-time factor: time per length of the audio"), \
        ROW_DURATION(stage_time, "overhead", overhead, 0, HOUR, fixed, "time that does not depend on the audio"), \
        ROW_VALUE(stage_time, "cv", cv, dist_cv, "0.2", "spread: the sum is multiplied by a gamma variate of mean 1"), \
        {.name = NULL}, \
    }
STAGE(asr_rows, "0.15", "100ms");
STAGE(nmt_rows, "0", "150ms");
STAGE(tts_rows, "0.1", "150ms");

static const setting service_rows[] = {
    ROW_SECTION(service_time, "asr", asr, asr_rows, "recognition"),
    ROW_SECTION(service_time, "nmt", nmt, nmt_rows, "translation"),
    ROW_SECTION(service_time, "tts", tts, tts_rows, "speech synthesis"),
    {.name = NULL},
};

#define JOIN(rows, first, spread, what) \
    static const setting rows[] = { \
        ROW_DURATION(join_time, "at", at, 0, 24 * HOUR, first, "the first comes then"), \
        ROW_DURATION(join_time, "over", over, 0, 24 * HOUR, spread, what), \
        {.name = NULL}, \
    }
JOIN(node_join_rows, "0s", "10s", "they come evenly spread over this time");
JOIN(session_join_rows, "10s", "10s", "the `concurrent` first ones come evenly spread over this time");

static const setting leave_rows[] = {
    ROW_DURATION(leave_time, "at", at, 0, 24 * HOUR, NULL, "the first leaves then"),
    ROW_DURATION(leave_time, "over", over, 0, 24 * HOUR, NULL, "they leave evenly spread over this time"),
    ROW_SHARE(leave_time, "share", share, 1e-6, 1, NULL, "part of the group, drawn by the seed"),
    {.name = NULL},
};

static const setting usage_rows[] = {
    ROW_VALUE(node_usage, "cpu", cpu, dist_of_number, "0", "of the processors, percent"),
    ROW_VALUE(node_usage, "gpu", gpu, dist_of_number, "0", "of the GPU, percent"),
    ROW_VALUE(node_usage, "mem", mem, dist_of_number, "0", "of the memory, percent"),
    {.name = NULL},
};

static const setting node_rows[] = {
    ROW_TEXT(node_group, "name", name, NULL,
              "prefix of the nodes' names (gpu-0, gpu-1 ...); n1, n2 ... when not given"),
    ROW_COUNT(node_group, "count", count, 1, SCENARIO_NODES_MAX, "100", "nodes of the group"),
    ROW_VALUE(node_group, "languages", languages, node_languages_type, "all",
              "languages that a node recognises, speaks and repairs"),
    ROW_COUNT(node_group, "slots", slots, 1, 1000, "4", "jobs at once; also the limit that the node registers with"),
    ROW_NUMBER(node_group, "speed", speed, 0.001, 1000, "1", "divides service times"),
    ROW_NUMBER(node_group, "price", price, 0, 1e9, NULL, "of one node for an hour, in whatever money: what a capacity costs"),
    ROW_SECTION(node_group, "service", service, service_rows,
              "service time of a job: the sum of its stages, each rtf * audio + overhead"),
    ROW_DURATION(node_group, "heartbeat", heartbeat, 100 * MSEC, HOUR, "15s", "period of heartbeats"),
    ROW_SHARE(node_group, "jitter", jitter, 0, 1, "20%", "each period is longer or shorter by up to this share"),
    ROW_VALUE(node_group, "delay", delay, dist_of_duration, "{dist: gamma, mean: 10ms, cv: 0.3}",
              "network, one way, between node and instance"),
    ROW_BOOL(node_group, "acks", acks, "no", "does it acknowledge a job?"),
    ROW_BOOL(node_group, "starts", starts, "no", "does it report that a job started?"),
    ROW_COUNT(node_group, "queue", queue, 0, 1000000, "64",
              "jobs that wait in the node behind its slots; one more is answered NODE_OVERLOADED"),
    ROW_DURATION(node_group, "reconnect", reconnect, 0, HOUR, "5s",
              "after a crash that is over, or a connection that dropped: until it registers again"),
    ROW_BOOL(node_group, "strict", strict, "yes",
              "is a second job of the same utterance refused, DUPLICATE_UTTERANCE_INDEX? Existing nodes do so"),
    ROW_SHARE(node_group, "empty_first", empty_first, 0, 1, "0%",
              "jobs that are answered with an empty result first, and with the full one later"),
    ROW_DURATION(node_group, "empty_gap", empty_gap, MSEC, HOUR, "500ms", "between these two"),
    ROW_DURATION(node_group, "unready", unready, 0, 24 * HOUR, "0s",
              "its services get ready so long after it was started; heartbeats say so, jobs fail until then"),
    ROW_SECTION(node_group, "usage", usage, usage_rows, "what heartbeats report"),
    ROW_TEXT(node_group, "services", services, NULL, "ids that it names when it registers, by one space"),
    ROW_SECTION(node_group, "join", join, node_join_rows, "when the nodes register"),
    ROW_SECTION(node_group, "leave", leave, leave_rows, "who goes home: finishes its jobs and disconnects for good"),
    {.name = NULL},
};

static const setting long_rows[] = {
    ROW_SHARE(long_speech, "share", share, 0, 1, "0%", "of the speeches"),
    ROW_VALUE(long_speech, "length", length, dist_of_duration, "{dist: exponential, mean: 45s, min: 20s, max: 5min}",
              "of such a speech, instead of `utterance`"),
    {.name = NULL},
};

static const setting talk_rows[] = {
    ROW_VALUE(talk_pattern, "utterance", utterance, dist_of_duration,
              "{dist: lognormal, mean: 5s, cv: 0.6, min: 300ms, max: 30s}",
              "length of a speech; what is longer than the scheduler's max_duration is cut into several utterances"),
    ROW_VALUE(talk_pattern, "pause", pause, dist_of_duration,
              "{dist: lognormal, mean: 5s, cv: 0.8, min: 200ms, max: 1min}",
              "from the end of a speech to the start of the next"),
    ROW_SECTION(talk_pattern, "long", longs, long_rows, "some speeches are long ones"),
    ROW_CHOICE(talk_pattern, "granularity", granularity, granularity_names, "whole",
               "what a client sends: whole utterances, cut by the same rules, or chunks, which the scheduler cuts"),
    ROW_SHARE(talk_pattern, "manual", manual, 0, 1, "100%",
              "speeches whose end the client tells; the others end by silence, so that after a pause shorter than the "
              "scheduler's the sentence goes on"),
    ROW_DURATION(talk_pattern, "chunk", chunk, 10 * MSEC, 10 * SEC, "200ms", "period of chunks: cuts fall between two"),
    ROW_CHOICE(talk_pattern, "format", format, format_names, "pcm16", "of the sound: 16 kHz, or about 24 kbit/s"),
    ROW_SIZE(talk_pattern, "bytes_per_second", bytes_per_second, 16, 1 << 20, NULL,
             "of audio; those of the format when not given. The scheduler measures speech by its bytes"),
    {.name = NULL},
};

static const setting retry_rows[] = {
    ROW_DURATION(retry_pattern, "after", after, 10 * MSEC, HOUR, NULL,
              "no answer for so long: the same request is sent again; never when not given"),
    ROW_COUNT(retry_pattern, "times", times, 1, 100, "2", "at most, each so long after the one before"),
    {.name = NULL},
};

static const setting room_rows[] = {
    ROW_COUNT(room_pattern, "members", members, 2, ROOM_MEMBERS_MAX, NULL,
              "so many sessions come together, each with its own language, and hear what the others say"),
    ROW_BOOL(room_pattern, "turns", turns, "yes", "one speaks at a time, or everybody whenever they like"),
    {.name = NULL},
};

static const setting session_rows[] = {
    ROW_TEXT(session_group, "name", name, NULL, "for reports; s1, s2 ... when not given"),
    ROW_COUNT(session_group, "concurrent", concurrent, 1, SCENARIO_SESSIONS_MAX, NULL,
              "steady number of sessions, or else `rate`; 100 when neither is given"),
    ROW_RATE(session_group, "rate", rate_given, 1.0 / 86400, 1e5, NULL, "new sessions per time"),
    ROW_VALUE(session_group, "arrivals", arrivals, arrivals_type, "poisson",
              "by chance, evenly, in bursts, by the hour, or as a trace says; see Arrivals"),
    ROW_VALUE(session_group, "length", length, dist_of_duration, "{dist: exponential, mean: 5min, min: 10s}",
              "of a session"),
    ROW_VALUE(session_group, "pairs", pairs, pair_mix_type, "popularity", "source and target language of a session"),
    ROW_BOOL(session_group, "two_way", two_way, "no",
              "two people in turns: every other speech goes the other way, and either may begin"),
    ROW_SECTION(session_group, "talk", talk, talk_rows, "how a session speaks; each utterance that is cut is one job"),
    ROW_SECTION(session_group, "retry", retry, retry_rows, "impatient clients"),
    ROW_SECTION(session_group, "room", room, room_rows, "rooms: the source language of a session is the one that it wants"),
    ROW_SHARE(session_group, "vanish", vanish, 0, 1, "0%",
              "sessions that end in the middle: the connection is gone, and answers find nobody"),
    ROW_VALUE(session_group, "delay", delay, dist_of_duration, "{dist: gamma, mean: 30ms, cv: 0.5}",
              "network, one way, between client and instance"),
    ROW_DURATION(session_group, "reconnect", reconnect, 10 * MSEC, HOUR, "1s",
              "its instance has ended: until it is connected to another one, again and again"),
    ROW_SECTION(session_group, "join", join, session_join_rows, "when the first sessions come"),
    {.name = NULL},
};

static const char *const spread_names[] = {"round_robin", "random", "skewed", NULL};

static const char *const cpu_model_names[] = {"calibrated", "flat", "measured", NULL};

static const setting cpu_rows[] = {
    ROW_VALUE(instance_plan, "cost", cpu_cost, dist_of_duration, "20us", "of handling one message"),
    ROW_VALUE(instance_plan, "answer", cpu_answer, dist_of_duration, "4us", "of handling an answer of Redis, or a timer"),
    ROW_CHOICE(instance_plan, "model", cpu_model, cpu_model_names, "calibrated",
               "so much, and what scans cost besides; so much flat; or the CPU time of this run (not reproducible)"),
    {.name = NULL},
};

static const setting instance_rows[] = {
    ROW_COUNT(instance_plan, "count", count, 1, INSTANCES_MAX, "1",
              "scheduler instances; several need delivery: inbox or peer"),
    ROW_CHOICE(instance_plan, "spread", spread, spread_names, "round_robin",
               "to which instance a new connection of a node or a speaker goes"),
    ROW_NUMBER(instance_plan, "skew", skew, 0, 10, "1",
               "of `skewed`: instance number i = 0, 1 ... has the weight 1 / (i + 1)^skew"),
    ROW_VALUE(instance_plan, "delay", delay, dist_of_duration, "{dist: gamma, mean: 200us, cv: 0.3}",
              "network, one way, between two instances"),
    {.name = "cpu", .kind = SETTING_SECTION, .offset = 0, .rows = cpu_rows, .help = "processor time of an instance"},
    {.name = NULL},
};

static const setting dashboard_rows[] = {
    ROW_COUNT(dashboard_settings, "count", count, 0, 100000, "0", "pages that are open somewhere, spread over the instances"),
    ROW_DURATION(dashboard_settings, "period", period, 10 * MSEC, HOUR, "5s", "from an answer to the next question"),
    ROW_VALUE(dashboard_settings, "delay", delay, dist_of_duration, "10ms", "network, one way"),
    {.name = NULL},
};

static const setting outage_rows[] = {
    {.name = "at", .kind = SETTING_DURATION, .required = true, .offset = SETTING_AT(catalog_outage, at, usec_t), .max = 1e15,
     .help = "from the start of the run"},
    ROW_DURATION(catalog_outage, "for", lasts, MSEC, 24 * HOUR, "1min", "so long it does not answer"),
    {.name = NULL},
};

static const setting catalog_rows[] = {
    ROW_VALUE(catalog_settings, "latency", latency, dist_of_duration, "{dist: gamma, mean: 50ms, cv: 0.5}",
              "from the question to the answer"),
    ROW_COUNT(catalog_settings, "services", services, 0, 1000000, "40", "that it knows"),
    ROW_LIST(catalog_settings, "outages", outages, outage_count, outage_rows, 64, "[]", "when it does not answer"),
    {.name = NULL},
};

static const setting redis_rows[] = {
    ROW_VALUE(redis_settings, "delay", delay, dist_of_duration, "{dist: gamma, mean: 100us, cv: 0.3}",
              "network, one way, between instance and Redis"),
    ROW_CHOICE(redis_settings, "costs", costs, costs_names, "calibrated",
              "service times of Redis: from a profile, none, or as measured (not reproducible)"),
    ROW_VALUE(redis_settings, "profile", profile, machine_profile_type, NULL,
              "of `calibrated` costs, on another machine than ours: what lingua-bench calibrate has written there"),
    ROW_DURATION(redis_settings, "max_skew", max_skew, 1, SEC, "100us", "commands of one batch start within this time"),
    ROW_COUNT(redis_settings, "window", window, 1, 1000000, "10000", "commands in flight on one link"),
    ROW_BOOL(redis_settings, "shared_blocking_connection", shared_blocking_connection, "no",
             "does an instance read its inbox over the connection of its commands? Then these wait while it waits for an entry"),
    {.name = NULL},
};

static const setting measure_rows[] = {
    ROW_DURATION(measure_settings, "bin", bin, 100 * MSEC, HOUR, "5s", "width of the bins of series over time"),
    ROW_BOOL(measure_settings, "trace", trace, "no", "write every decision to trace.jsonl?"),
    {.name = NULL},
};

const setting scenario_settings[] = {
    {.name = "include", .kind = SETTING_VALUE, .type = &include_type,
     .help = "other scenarios that this one is laid over, key by key; lists are replaced"},
    ROW_TEXT(scenario, "name", name, NULL, "for reports; the name of the file when not given"),
    ROW_COUNT(scenario, "seed", seed, 0, 9007199254740992.0, "1", "everything random follows from it"),
    ROW_VALUE(scenario, "start", start, instant_type, "2026-01-01T00:00:00Z", "simulated time at the start of the run"),
    ROW_DURATION(scenario, "duration", duration, SEC, 24 * HOUR, "10min", "simulated time"),
    ROW_DURATION(scenario, "warmup", warmup, 0, 24 * HOUR, "30s", "what is submitted before is not measured; unless given, at most a quarter of the duration"),
    ROW_SECTION(scenario, "languages", languages, languages_settings, "the languages, and how popular they are"),
    ROW_LIST(scenario, "nodes", node_groups, node_group_count, node_rows, GROUPS_MAX, "[{}]", "groups of GPU nodes"),
    ROW_LIST(scenario, "sessions", session_groups, session_group_count, session_rows, GROUPS_MAX, "[{}]",
              "groups of speakers"),
    {.name = "scheduler", .kind = SETTING_SECTION, .offset = offsetof(scenario, scheduler), .rows = scheduler_settings,
     .prepare = scheduler_config_prepare, .help = "the core's own settings"},
    ROW_SECTION(scenario, "incidents", scheduler.incidents, scheduler_incident_settings,
                "what went wrong in the scheduler's past, to be seen again"),
    ROW_SECTION(scenario, "instances", instances, instance_rows, "instances of the scheduler"),
    ROW_SECTION(scenario, "dashboards", dashboards, dashboard_rows, "who looks at the figures of the instances"),
    ROW_SECTION(scenario, "catalog", catalog, catalog_rows, "the service catalog that stands beside the scheduler"),
    ROW_SECTION(scenario, "redis", redis, redis_rows, "the server and the way to it"),
    ROW_LIST(scenario, "faults", faults, fault_count, fault_rows, FAULTS_MAX, "[]", "what goes wrong, and when"),
    ROW_VALUES(scenario, "slo", slos, slo_count, slo_type, SLOS_MAX, "[]", "what the run must meet to pass"),
    ROW_SECTION(scenario, "measure", measure, measure_rows, "what is recorded"),
    ROW_TEXT(scenario, "provenance", provenance, NULL, "where the figures come from"),
    ROW_VALUE(scenario, "sweep", sweep, sweep_type, NULL, "axes of a sweep, the last one varies fastest; see Sweeps"),
    ROW_COUNT(scenario, "runs", runs, 1, SWEEP_RUNS_MAX, NULL,
              "of each point of a sweep, with successive seeds; 1 when not given"),
    ROW_VALUES(scenario, "variants", variants, variant_count, variant_type, VARIANTS_MAX, "[]",
               "what `lingua-sim compare` lays side by side when it is not told; see Sweeps"),
    {.name = NULL},
};
// clang-format on
