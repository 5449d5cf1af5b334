/* config.c - the rows of a scheduler's settings, and the presets that phases are.
 *
 * A preset names only its mechanisms; everything else has one default, in the rows. So a phase differs from another
 * exactly by what stands in the table of presets. */
#include "core/scheduler/config.h"

#include <stdio.h>
#include <string.h>

#include "core/base/settings_print.h"
#include "core/base/suggest.h"
#include "core/base/text.h"
#include "core/base/yaml_bind.h"
#include "core/mechanisms/placement.h"

#define SEC  USEC_PER_SEC
#define MSEC USEC_PER_MSEC

/* --- presets ---------------------------------------------------------------------------------------------------- */

typedef struct preset {
    const char *name;
    int registry, placement;
    int64_t placement_d;
    int load;
    bool limit;
    int on_full, job_store, idempotency, delivery, stats, model_missing;
    bool affinity;
} preset;

// clang-format off
static const preset presets[] = {
    /* a prototype: what one process remembers */
    {"0", REGISTRY_TABLE, PLACEMENT_LEAST, 2, LOAD_REPORTED, true, ON_FULL_WAIT,
     JOB_STORE_MEMORY, IDEMPOTENCY_NONE, DELIVERY_LOCAL, STATS_REQUEST, MODEL_MISSING_DIRECT, false},
    /* one instance */
    {"1", REGISTRY_CANDIDATES, PLACEMENT_LEAST, 2, LOAD_OWN, true, ON_FULL_WAIT,
     JOB_STORE_MEMORY, IDEMPOTENCY_LEASE, DELIVERY_LOCAL, STATS_SNAPSHOT, MODEL_MISSING_QUEUED, false},
    /* several instances */
    {"2", REGISTRY_COPY, PLACEMENT_LEAST, 2, LOAD_RESERVATIONS, true, ON_FULL_WAIT,
     JOB_STORE_DUAL, IDEMPOTENCY_LOCK, DELIVERY_INBOX, STATS_SNAPSHOT, MODEL_MISSING_QUEUED, false},
    /* pools; the node queues */
    {"3", REGISTRY_POOLS, PLACEMENT_RANDOM, 2, LOAD_RESERVATIONS, false, ON_FULL_WAIT,
     JOB_STORE_REDIS, IDEMPOTENCY_ATOMIC, DELIVERY_PEER, STATS_SNAPSHOT, MODEL_MISSING_QUEUED, false},
    {"production", REGISTRY_POOLS, PLACEMENT_BEST_OF, 2, LOAD_RESERVATIONS, true, ON_FULL_WAIT,
     JOB_STORE_REDIS, IDEMPOTENCY_ATOMIC, DELIVERY_PEER, STATS_SNAPSHOT, MODEL_MISSING_QUEUED, true},
};
// clang-format on
enum { PRESETS = sizeof presets / sizeof *presets };

static sched_status find_preset(const char *name, const preset **ret_preset, sched_error *err) {
    char names[64] = "", quoted[32], hint[SUGGEST_TEXT_MAX];
    size_t len = 0;
    suggest near = suggest_for(name);
    for (size_t i = 0; i < PRESETS; i++) {
        if (!strcmp(name, presets[i].name)) {
            *ret_preset = &presets[i];
            return SCHED_OK;
        }
        suggest_offer(&near, presets[i].name);
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i ? ", " : "", presets[i].name);
    }
    return sched_fail(err, SCHED_EINVAL, "phase \"%s\" does not exist: expected one of %s%s",
                      text_one_line(quoted, sizeof quoted, name), names, suggest_text(&near, hint));
}

static void apply_preset(scheduler_config *config, const preset *p) {
    snprintf(config->phase, sizeof config->phase, "%s", p->name);
    config->registry = p->registry;
    config->placement = p->placement;
    config->placement_d = p->placement_d;
    config->load = p->load;
    config->limit = p->limit;
    config->on_full = p->on_full;
    config->job_store = p->job_store;
    config->idempotency = p->idempotency;
    config->delivery = p->delivery;
    config->stats = p->stats;
    config->model_missing = p->model_missing;
    config->affinity = p->affinity;
}

sched_status scheduler_config_preset(const char *phase, scheduler_config *ret_config, sched_error *err) {
    const preset *p;
    sched_status status = find_preset(phase, &p, err);
    if (status) return status;
    scheduler_config config = {0};
    settings_default(scheduler_settings, &config);
    apply_preset(&config, p);
    *ret_config = config;
    return SCHED_OK;
}

sched_status scheduler_config_prepare(const struct yaml_value *mapping, void *section, sched_error *err) {
    const yaml_value *given = mapping ? yaml_get(mapping, "phase") : NULL;
    scheduler_config *config = section;
    const preset *p;
    sched_error inner = {0};
    if (given && yaml_kind_of(given) != YAML_TEXT) return yaml_expect(given, YAML_TEXT, "phase", err);
    if (find_preset(given ? yaml_text(given) : config->phase, &p, &inner))
        return yaml_fail(given, err, "%s", inner.message);
    apply_preset(config, p);
    return SCHED_OK;
}

/* --- values of own types ---------------------------------------------------------------------------------------- */

static sched_status read_phase(const struct yaml_value *value, void *field, sched_error *err) {
    const preset *p;
    sched_error inner = {0};
    sched_status status = yaml_expect(value, YAML_TEXT, "phase", err);
    if (status) return status;
    if (find_preset(yaml_text(value), &p, &inner)) return yaml_fail(value, err, "%s", inner.message);
    snprintf(field, sizeof((scheduler_config *)0)->phase, "%s", p->name);
    return SCHED_OK;
}

static void print_phase(const void *field, FILE *out) {
    yaml_write_text(out, field);
}

static const setting_type phase_type = {"0, 1, 2, 3 or production", read_phase, print_phase, NULL};

/* The field is the whole configuration: "best_of_2" is a kind and a number. */
static sched_status read_placement(const struct yaml_value *value, void *field, sched_error *err) {
    scheduler_config *config = field;
    sched_status status = yaml_expect(value, YAML_TEXT, "placement", err);
    if (status) return status;
    const char *text = yaml_text(value);
    if (!strcmp(text, "random") || !strcmp(text, "least")) {
        config->placement = *text == 'r' ? PLACEMENT_RANDOM : PLACEMENT_LEAST;
        return SCHED_OK;
    }
    static const char best_of[] = "best_of_";
    size_t len = sizeof best_of - 1;
    if (!strncmp(text, best_of, len) && text[len] >= '2' && text[len] <= '0' + CANDIDATES_MAX && !text[len + 1]) {
        config->placement = PLACEMENT_BEST_OF;
        config->placement_d = text[len] - '0';
        return SCHED_OK;
    }
    char quoted[32];
    return yaml_fail(value, err, "placement: \"%s\" does not exist: expected random, best_of_2 .. best_of_%d or least",
                     text_one_line(quoted, sizeof quoted, text), CANDIDATES_MAX);
}

static void print_placement(const void *field, FILE *out) {
    const scheduler_config *config = field;
    if (config->placement == PLACEMENT_BEST_OF)
        fprintf(out, "best_of_%lld", (long long)config->placement_d);
    else
        fputs(config->placement == PLACEMENT_RANDOM ? "random" : "least", out);
}

static const setting_type placement_type = {"random, best_of_2 .. best_of_8 or least", read_placement, print_placement,
                                            NULL};

static sched_status read_namespace(const struct yaml_value *value, void *field, sched_error *err) {
    sched_error inner = {0};
    sched_status status = yaml_expect(value, YAML_TEXT, "namespace", err);
    if (status) return status;
    if (keyspace_init(field, yaml_text(value), &inner)) return yaml_fail(value, err, "namespace: %s", inner.message);
    return SCHED_OK;
}

static void print_namespace(const void *field, FILE *out) {
    yaml_write_text(out, ((const keyspace *)field)->prefix);
}

static const setting_type namespace_type = {"text that ends with ':'", read_namespace, print_namespace, NULL};

static const char *const registry_names[] = {"table", "candidates", "copy", "pools", NULL};
static const char *const load_names[] = {"reported", "own", "reservations", NULL};
static const char *const on_full_names[] = {"wait", "refuse", NULL};
static const char *const job_store_names[] = {"memory", "dual", "redis", NULL};
static const char *const idempotency_names[] = {"none", "lease", "lock", "atomic", NULL};
static const char *const delivery_names[] = {"local", "inbox", "peer", NULL};
static const char *const stats_names[] = {"request", "snapshot", NULL};
static const char *const model_missing_names[] = {"direct", "queued", NULL};

/* --- rows ------------------------------------------------------------------------------------------------------- */

#define CHOICE(key, field, ...)   ROW_CHOICE(scheduler_config, key, field, __VA_ARGS__)
#define BOOL(key, field, ...)     ROW_BOOL(scheduler_config, key, field, __VA_ARGS__)
#define COUNT(key, field, ...)    ROW_COUNT(scheduler_config, key, field, __VA_ARGS__)
#define NUMBER(key, field, ...)   ROW_NUMBER(scheduler_config, key, field, __VA_ARGS__)
#define DURATION(key, field, ...) ROW_DURATION(scheduler_config, key, field, __VA_ARGS__)
#define SIZE(key, field, ...)     ROW_SIZE(scheduler_config, key, field, __VA_ARGS__)

// clang-format off
const setting scheduler_settings[] = {
    ROW_VALUE(scheduler_config, "phase", phase, phase_type, "production",
              "preset of mechanisms; each down to affinity can be given beside it"),
    CHOICE("registry", registry, registry_names, "pools",
           "where candidates come from: a table in memory, its index by pair, a copy of Redis, pools in Redis"),
    {.name = "placement", .kind = SETTING_VALUE, .offset = 0, .type = &placement_type, .initial = "best_of_2",
     .help = "which candidate is asked first: any, the least loaded of so many, or of a whole shard (of all nodes when they are in memory)"},
    CHOICE("load", load, load_names, "reservations",
           "how busy a node is: as it reported, with what was given to it since, its reservations in Redis"),
    BOOL("limit", limit, "yes", "does a full node refuse a job (yes), or queue it (no)?"),
    CHOICE("on_full", on_full, on_full_names, "wait",
           "when every candidate is full: the job waits for room, or is refused at once"),
    CHOICE("job_store", job_store, job_store_names, "redis",
           "where the state of a job is: in memory, there and copied to Redis, in Redis"),
    CHOICE("idempotency", idempotency, idempotency_names, "atomic",
           "what makes one job of a request that comes twice: nothing, a table, a lock in Redis, the creating script"),
    CHOICE("delivery", delivery, delivery_names, "peer",
           "how a node of another instance is reached: not, by inboxes, by inbox and peer link"),
    CHOICE("stats", stats, stats_names, "snapshot",
           "figures of the dashboard: computed in the request, or every 5 s"),
    CHOICE("model_missing", model_missing, model_missing_names, "queued",
           "a missing model is marked in the job's way, or by a queue with debounce and limits"),
    BOOL("affinity", affinity, "yes", "does a sentence that goes on behind an automatic cut stay on its node?"),

    COUNT("node_slots", node_slots, 1, 1000, "4", "jobs at once on a node that does not say its limit"),
    COUNT("pairs_max", pairs_max, 1, 4032, "1000", "directed language pairs of one node"),
    DURATION("node_ttl", node_ttl, SEC, 3600 * SEC, "45s", "a node is offline so long after its last heartbeat"),
    DURATION("reap_round", reap_round, 100 * MSEC, 600 * SEC, "4s",
             "time in which every index of expiries and deadlines is visited once"),
    COUNT("reap_batch", reap_batch, 1, 1000, "100", "entries that one visit of an index may take"),
    COUNT("resource_limit", resource_limit, 0, 100000, "85",
          "percent of CPU, GPU or memory at which a node gets no more jobs; 0: none"),
    DURATION("ready_limit", ready_limit, SEC, 3600 * SEC, "60s",
             "a node that is not ready so long after its registration is degraded"),
    DURATION("trial_pause", trial_pause, 0, 3600 * SEC, "5s",
             "a degraded node gets one job at a time, the next so long after a failure"),
    DURATION("mark_ttl", mark_ttl, 100 * MSEC, 3600 * SEC, "60s",
             "a model that a node misses keeps the pair's jobs away from it so long"),
    DURATION("copy_refresh", copy_refresh, 100 * MSEC, 600 * SEC, "2s",
             "registry copy: every node is read from Redis once in this time"),

    DURATION("pending_limit", pending_limit, 100 * MSEC, 3600 * SEC, "10s",
              "from the creation of a job to its dispatch"),
    DURATION("ack_limit", ack_limit, 100 * MSEC, 600 * SEC, "5s",
             "from dispatch to acknowledgement, for nodes that have acknowledged before"),
    DURATION("attempt_base", attempt_base, SEC, 3600 * SEC, "10s",
              "deadline of an attempt: this and the next together"),
    NUMBER("attempt_audio_factor", attempt_audio_factor, 0, 100, "2", "part of the deadline per length of the audio"),
    COUNT("attempts_max", attempts_max, 1, 10, "3", "attempts of a job before it has failed"),
    DURATION("reservation_grace", reservation_grace, 0, 600 * SEC, "5s",
              "a reservation outlives its attempt's deadline by this"),
    DURATION("finished_ttl", finished_ttl, SEC, 86400 * SEC, "90s",
              "a finished job and its request id are known so long"),
    DURATION("retry_min", retry_min, MSEC, 60 * SEC, "50ms", "first pause of a job that waits for room; it doubles"),
    DURATION("retry_max", retry_max, MSEC, 60 * SEC, "1s", "longest such pause"),
    COUNT("waiting_max", waiting_max, 1, 1000000, "1000", "jobs that may wait for one pair"),
    COUNT("jobs_max", jobs_max, 1, 10000000, "100000", "unfinished jobs of one instance"),
    DURATION("empty_hold", empty_hold, 0, 60 * SEC, "1s", "an empty result waits so long for a full one"),

    DURATION("pause", pause, 10 * MSEC, 600 * SEC, "3s", "a silence so long ends an utterance"),
    DURATION("max_duration", max_duration, 100 * MSEC, 3600 * SEC, "10s", "speech in one utterance"),
    SIZE("utterance_bytes", utterance_bytes, 1024, 64 << 20, "500KiB", "sound in one utterance"),
    DURATION("hangover_manual", hangover_manual, 0, 10 * SEC, "200ms",
             "from the final chunk to the end of the utterance"),
    DURATION("hangover_auto", hangover_auto, 0, 10 * SEC, "150ms",
             "from an automatic cut to the end of the utterance; chunks of that time belong to it"),
    DURATION("padding_manual", padding_manual, 0, 10 * SEC, "280ms", "silence that the node adds after a manual cut"),
    DURATION("padding_auto", padding_auto, 0, 10 * SEC, "220ms", "the same after an automatic one"),
    DURATION("affinity_ttl", affinity_ttl, SEC, 86400 * SEC, "5min", "a sentence's node is remembered so long"),
    DURATION("gap_limit", gap_limit, 100 * MSEC, 3600 * SEC, "30s", "a missing result holds up later ones so long"),
    DURATION("close_limit", close_limit, 100 * MSEC, 600 * SEC, "10s",
             "from the close of a session to its acknowledgement, at most"),
    COUNT("unanswered_max", unanswered_max, 1, 10000, "200", "utterances without answer, of one session and target"),
    SIZE("session_audio_max", session_audio_max, 1024, 1LL << 40, "8MiB",
         "sound of one session, collected and in unfinished jobs"),
    SIZE("audio_max", audio_max, 1024, 1LL << 40, "1GiB", "the same of one instance"),
    COUNT("sessions_max", sessions_max, 1, 10000000, "200000", "open sessions of one instance"),
    DURATION("session_ttl", session_ttl, 10 * SEC, 86400 * SEC, "1h", "life of a session's record, renewed at half of it"),
    DURATION("room_idle", room_idle, SEC, 86400 * SEC, "30min", "a room ends so long after somebody last spoke or joined"),

    ROW_VALUE(scheduler_config, "namespace", keys, namespace_type, "\"lingua:v1:\"",
              "what every key in Redis begins with"),
    DURATION("redis_patience", redis_patience, MSEC, 600 * SEC, "1s", "deadline of one call to Redis"),
    DURATION("outage_grace", outage_grace, 0, 600 * SEC, "5s",
             "after an outage of Redis, deadlines are not acted upon before"),
    ROW_SECTION(scheduler_config, "instance", instance, instance_config_rows, "one instance among others"),
    {.name = NULL},
};

#define INCIDENT(key, field, ...) ROW_BOOL(scheduler_incidents, key, field, "no", __VA_ARGS__)

const setting scheduler_incident_settings[] = {
    INCIDENT("first_of_equals", first_of_equals,
             "among equally loaded nodes the first one is taken: with load as reported, a herd until its next heartbeat"),
    INCIDENT("biased_shards", biased_shards, "a random shard, then a random member of it, whatever the sizes"),
    INCIDENT("counted_reservations", counted_reservations, "load is a counter that expiry does not lower: it leaks"),
    INCIDENT("overwritten_counter", overwritten_counter,
             "the same, and each heartbeat writes over it what the node says: what was granted meanwhile is forgotten"),
    INCIDENT("owner_keys", owner_keys, "a key for each connection says who owns it, refreshed one call after the other"),
    INCIDENT("orphaned_inboxes", orphaned_inboxes, "nobody adopts the inbox of an instance that died"),
    INCIDENT("stuck_entries", stuck_entries,
             "an entry for a node that is not here is left in the inbox, to be tried again, instead of being refused"),
    INCIDENT("resetting_reclaim", resetting_reclaim,
             "reclaiming an entry resets the idle time by which dead letters are known"),
    {.name = NULL},
};
// clang-format on

/* --- combinations ----------------------------------------------------------------------------------------------- */

static bool refuses_what_is_never_full(const scheduler_config *c) {
    return !c->limit && c->on_full == ON_FULL_REFUSE;
}

static bool pauses_backwards(const scheduler_config *c) {
    return c->retry_min > c->retry_max;
}

static bool never_retries(const scheduler_config *c) {
    return c->on_full == ON_FULL_WAIT && c->retry_min >= c->pending_limit;
}

static bool acks_too_late(const scheduler_config *c) {
    return c->ack_limit > c->attempt_base;
}

static bool reaps_too_late(const scheduler_config *c) {
    return c->reap_round > c->node_ttl;
}

static bool waits_too_long_for_redis(const scheduler_config *c) {
    return c->redis_patience >= c->pending_limit;
}

static bool remembers(const scheduler_config *c) {
    return c->registry == REGISTRY_TABLE || c->registry == REGISTRY_CANDIDATES;
}

bool scheduler_config_is_shared(const scheduler_config *config) {
    return config->delivery != DELIVERY_LOCAL;
}

bool scheduler_config_keeps_limit(const scheduler_config *config) {
    bool by_report = remembers(config) && config->load == LOAD_REPORTED;
    return config->limit && !by_report && !counts_reservations(&config->incidents);
}

bool scheduler_config_needs_redis(const scheduler_config *config) {
    bool binds = config->idempotency == IDEMPOTENCY_LOCK || config->idempotency == IDEMPOTENCY_ATOMIC;
    return !remembers(config) || config->job_store != JOB_STORE_MEMORY || binds;
}

static bool delivers_to_unknown_nodes(const scheduler_config *c) {
    return remembers(c) && c->delivery != DELIVERY_LOCAL;
}

static bool reads_reservations_of_nobody(const scheduler_config *c) {
    return remembers(c) && c->load == LOAD_RESERVATIONS;
}

static bool counts_own_in_pools(const scheduler_config *c) {
    return c->registry == REGISTRY_POOLS && c->load == LOAD_OWN;
}

static bool creates_twice_in_redis(const scheduler_config *c) {
    return (c->job_store == JOB_STORE_REDIS) != (c->idempotency == IDEMPOTENCY_ATOMIC);
}

static bool biases_what_has_no_shards(const scheduler_config *c) {
    return c->incidents.biased_shards && (c->registry != REGISTRY_POOLS || c->placement != PLACEMENT_RANDOM);
}

static bool counts_reservations_of_nobody(const scheduler_config *c) {
    return counts_reservations(&c->incidents) && remembers(c);
}

static bool has_no_inbox(const scheduler_config *c) {
    const scheduler_incidents *i = &c->incidents;
    bool of_inboxes = i->owner_keys || i->orphaned_inboxes || i->stuck_entries || i->resetting_reclaim;
    return of_inboxes && c->delivery == DELIVERY_LOCAL;
}

static const struct {
    bool (*senseless)(const scheduler_config *config);
    const char *reason;
} combinations[] = {
    {refuses_what_is_never_full, "on_full: refuse makes no sense with limit: no, because no node is ever full then"},
    {delivers_to_unknown_nodes,
     "delivery by inbox or peer makes no sense with a registry in memory, which knows only its "
     "own nodes: use delivery: local"},
    {reads_reservations_of_nobody,
     "load: reservations makes no sense with a registry in memory, which makes none in Redis: use own or reported"},
    {counts_own_in_pools, "load: own makes no sense with registry: pools, where others place on the same nodes"},
    {creates_twice_in_redis, "idempotency: atomic and job_store: redis go together: the script that creates is the one "
                             "that binds the request"},
    {biases_what_has_no_shards, "incidents.biased_shards needs registry: pools and placement: random"},
    {counts_reservations_of_nobody, "incidents of reservations need a registry whose nodes are in Redis"},
    {has_no_inbox, "incidents of inboxes and owners need delivery: inbox or peer"},
    {pauses_backwards, "retry_min is longer than retry_max"},
    {never_retries, "retry_min is not below pending_limit, so that no waiting job would ever be tried again"},
    {acks_too_late, "ack_limit is longer than attempt_base, so that an attempt could end before its ack is missed"},
    {reaps_too_late, "reap_round is longer than node_ttl, so that dead nodes would be found a whole lifetime late"},
    {waits_too_long_for_redis,
     "redis_patience is not below pending_limit, so that one lost call would use up a job's time"},
};

sched_status scheduler_config_check(const scheduler_config *config, sched_error *err) {
    for (size_t i = 0; i < sizeof combinations / sizeof *combinations; i++) {
        if (!combinations[i].senseless(config)) continue;
        return sched_fail(err, SCHED_EINVAL, "phase %s: %s", config->phase, combinations[i].reason);
    }
    return instance_config_check(&config->instance, err);
}

const char *scheduler_config_about(const char *reason) {
    const char *colon = !strncmp(reason, "phase ", strlen("phase ")) ? strstr(reason, ": ") : NULL;
    return colon ? colon + 2 : reason;
}
