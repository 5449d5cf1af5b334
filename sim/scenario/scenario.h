/* scenario.h - a scenario as the simulator reads it: every field filled, checked, in the units of the core.
 *
 * Durations are usec_t from the start of the run unless said otherwise. Lists keep the order of the file.
 * The tables in scenario_table.c and faults.c spell, bound and explain each field; docs/SCENARIOS.md is printed from them. */
#ifndef SIM_SCENARIO_SCENARIO_H
#define SIM_SCENARIO_SCENARIO_H

#include "core/base/clock.h"
#include "core/base/settings.h"
#include "core/base/status.h"
#include "core/domain/sound.h"
#include "core/scheduler/config.h"
#include "sim/scenario/arrivals.h"
#include "sim/scenario/dist.h"
#include "sim/scenario/faults.h"
#include "sim/scenario/languages.h"
#include "sim/scenario/machine_costs.h"
#include "sim/scenario/slo.h"

#include <stdbool.h>
#include <stdio.h>

enum {
    SCENARIO_NAME_MAX = 64,
    GROUPS_MAX = 64,                /* of nodes, and of sessions */
    SCENARIO_NODES_MAX = 200000,    /* over all groups */
    SCENARIO_SESSIONS_MAX = 200000, /* concurrent, over all groups */
    SLOS_MAX = 64,
    INSTANCES_MAX = 64,
    PROVENANCE_MAX = 4096,
    SCENARIO_WARNING_MAX = 1024,
    VARIANTS_MAX = 16,
    VARIANT_TEXT_MAX = 512,
};

/* One stage takes (rtf * audio + overhead) / speed, times a gamma variate of mean 1 and that cv. */
typedef struct stage_time {
    double rtf;
    usec_t overhead;
    double cv;
} stage_time;

typedef struct service_time {
    stage_time asr, nmt, tts; /* a job passes all three, in this order, in one slot */
} service_time;

typedef struct join_time {
    usec_t at, over; /* uniformly spread over at .. at + over */
} join_time;

/* A share of the group, drawn by the seed, goes home: each finishes what it has and disconnects for good. */
typedef struct leave_time {
    usec_t at, over; /* the first does so at `at`, the others evenly spread over `over` */
    double share;    /* 0: nobody leaves */
} leave_time;

/* What heartbeats report, percent. */
typedef struct node_usage {
    dist cpu, gpu, mem;
} node_usage;

typedef struct node_group {
    char name[GROUP_NAME_MAX + 1];
    int64_t count; /* >= 1 */
    node_languages languages;
    int64_t slots;
    double speed; /* divides service times; > 0 */
    double price; /* of one node per hour; 0: not given */
    service_time service;
    usec_t heartbeat;
    double jitter;      /* share of the period: each is uniform in heartbeat * (1 -+ jitter) */
    dist delay;         /* one way, node <-> instance */
    bool acks;          /* sends job_ack */
    bool starts;        /* sends job_started */
    int64_t queue;      /* jobs that wait behind the slots; one more is answered failed, NODE_OVERLOADED */
    usec_t reconnect;   /* after a crash whose time is over: until it registers again */
    bool strict;        /* refuses a second job of one utterance of one session */
    double empty_first; /* share of the jobs that are answered empty first, and in full `empty_gap` later */
    usec_t empty_gap;
    usec_t unready; /* from the start of its process until its services are ready */
    node_usage usage;
    char services[SERVICES_MAX + 1]; /* that it names when it registers; by one space */
    join_time join;
    leave_time leave;
} node_group;

/* Some speeches are long ones. */
typedef struct long_speech {
    double share; /* 0: none */
    dist length;
} long_speech;

/* What a client sends. */
typedef enum talk_granularity {
    TALK_WHOLE, /* utterances, which it cuts itself */
    TALK_CHUNK, /* chunks, which the scheduler cuts */
} talk_granularity;

typedef struct talk_pattern {
    dist utterance; /* length of a speech; a draw may round to 0: take at least 1 us */
    dist pause;     /* from the end of a speech to the start of the next */
    long_speech longs;
    int granularity; /* talk_granularity */
    double manual;   /* share of the speeches whose end the client tells; silence ends the others */
    usec_t chunk;    /* period */
    int format;      /* sound_format */
    uint64_t bytes_per_second;
} talk_pattern;

typedef struct retry_pattern {
    usec_t after;  /* without an answer; 0: never */
    int64_t times; /* at most, each `after` the one before */
} retry_pattern;

/* Sessions that come together and are in one room. */
typedef struct room_pattern {
    int64_t members; /* 0: none; then each is alone */
    bool turns;      /* one speaks at a time, in the order of their coming */
} room_pattern;

typedef struct session_group {
    char name[GROUP_NAME_MAX + 1];
    int64_t concurrent; /* steady number; 0 when a rate was given */
    double rate_given;  /* as written; 0 when `concurrent` was */
    double rate;        /* mean of new sessions per second: as written, concurrent / mean length, or by the arrivals */
    arrivals arrivals;
    dist length;
    pair_mix pairs; /* a session keeps its pair */
    bool two_way;   /* two people take turns, and every other utterance goes from target to source */
    talk_pattern talk;
    retry_pattern retry;
    room_pattern room;
    double vanish; /* share of the sessions that end at a moment drawn from their length, without waiting for answers */
    dist delay;    /* one way, client <-> instance */
    usec_t reconnect; /* after its connection ended against its will */
    join_time join;   /* arrivals begin at `at`; the `concurrent` first ones come spread over `over` */
} session_group;

/* To which instance a new connection goes; whoever is away gets none. */
typedef enum instance_spread {
    SPREAD_ROUND_ROBIN,
    SPREAD_RANDOM,
    SPREAD_SKEWED, /* by chance, instance number i (0 ..) with weight 1 / (i + 1)^skew */
} instance_spread;

typedef struct instance_plan {
    int64_t count; /* 1 */
    int spread;    /* instance_spread */
    double skew;
    dist cpu_cost;   /* of handling one message, usec */
    dist cpu_answer; /* of handling an answer of Redis, or a timer */
    int cpu_model;   /* core_cost_model */
    dist delay;      /* one way, between two instances */
} instance_plan;

/* Who asks for the figures of the instances, again and again. */
typedef struct dashboard_settings {
    int64_t count; /* spread over the instances; 0: nobody */
    usec_t period; /* of each, from one answer to the next question */
    dist delay;    /* one way */
} dashboard_settings;

typedef struct catalog_outage {
    usec_t at, lasts; /* it does not answer */
} catalog_outage;

/* The service catalog that the scheduler asks. */
typedef struct catalog_settings {
    dist latency; /* from the question to the answer */
    int64_t services;
    catalog_outage *outages;
    size_t outage_count;
} catalog_settings;

typedef enum redis_costs { REDIS_CALIBRATED, REDIS_ZERO, REDIS_MEASURED } redis_costs;

typedef struct redis_settings {
    dist delay;              /* one way, instance <-> Redis */
    int costs;               /* redis_costs */
    machine_profile profile; /* of `calibrated`, and of the core's own work */
    usec_t max_skew;         /* a batch holds commands that start within this time */
    int64_t window;          /* commands in flight per link */
    bool shared_blocking_connection;
} redis_settings;

typedef struct measure_settings {
    usec_t bin; /* width of the bins of series */
    bool trace;
} measure_settings;

/* "name:path=value,path=value" (sweep.h). */
typedef struct variant_text {
    char text[VARIANT_TEXT_MAX];
} variant_text;

typedef struct scenario {
    char name[SCENARIO_NAME_MAX + 1];
    int64_t seed;
    usec_t start;            /* epoch of simulated time, since the Unix epoch */
    usec_t duration, warmup; /* what happens before `warmup` is not measured */
    scenario_languages languages;
    node_group *node_groups;
    size_t node_group_count;
    session_group *session_groups;
    size_t session_group_count;
    scheduler_config scheduler;
    instance_plan instances;
    dashboard_settings dashboards;
    catalog_settings catalog;
    redis_settings redis;
    fault *faults;
    size_t fault_count;
    slo *slos;
    size_t slo_count;
    measure_settings measure;
    char provenance[PROVENANCE_MAX + 1];
    char *sweep;            /* owned; the axes as YAML on one line (sweep.h); NULL: none */
    int64_t runs;           /* of each point of a sweep; 0: not given, which means one */
    variant_text *variants; /* that `lingua-sim compare` lays side by side, as on its command line */
    size_t variant_count;

    char warning[SCENARIO_WARNING_MAX]; /* one line for stderr about demand that nobody serves; "" when all is well */
} scenario;

/* Reads and checks a file ("-": standard input). SCHED_EINVAL with "file:line:column: ..." for everything that is
 * wrong in it, SCHED_EIO when it cannot be read. Free it with scenario_free(). */
sched_status scenario_load(const char *path, scenario **ret_scenario, sched_error *err);
/* The same with single values set over those of the file, in this order: "nodes.0.count=50" (yaml_merge.h). */
sched_status scenario_load_set(const char *path, const char *const *sets, size_t set_count, scenario **ret_scenario,
                               sched_error *err);
/* The same from memory; `file` names it in messages. */
sched_status scenario_parse(const char *file, const char *text, size_t len, scenario **ret_scenario, sched_error *err);
scenario *scenario_free(scenario *s); /* takes NULL, returns NULL */
/* Leaves the scenario alone, without the sweep and the variants that are written in it; true when there was a sweep. */
bool scenario_drop_sweep(scenario *s);

/* Every setting with its value, as YAML in the order of the tables: loads back to the same dump. */
void scenario_dump(const scenario *s, FILE *out);
/* FNV-1a 64 of the dump as 16 hex digits: comments, key order and spelled-out defaults do not change it, values do
 * (seed and name too). */
enum { SCENARIO_HASH_MAX = 16 };
char *scenario_hash(const scenario *s, char hash[SCENARIO_HASH_MAX + 1]);

/* Id of the node number `i` (0 ..) of a group: "gpu-17". */
char *scenario_node_id(char id[ID_MAX + 1], const node_group *group, int64_t i);

/* What the scenario amounts to; jobs and load are expectations, not counts. */
typedef struct scenario_totals {
    int64_t nodes, slots;
    int64_t pairs;   /* demanded */
    double sessions; /* that will be opened */
    double jobs;     /* speeches; those that are cut make more */
    double load;     /* offered work / slots, with everybody there; above 1 queues grow without end */
} scenario_totals;

scenario_totals scenario_total(const scenario *s);

extern const setting scenario_settings[];

#endif
