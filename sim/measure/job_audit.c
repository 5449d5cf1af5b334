/* job_audit.c - all records at once: one script names every job with what stands there, and the rest is comparing.
 *
 * A job that ended so long ago that its record may have gone at this very instant is not missed: TTLs are counted from the write, and
 * the write is later than the end that was told. An end that Redis has of a job that is gone with its instance is believed: it was decided
 * there, and nobody says otherwise. */
#include "sim/measure/job_audit.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "core/base/mem.h"

#define TELLING_SLACK (10 * USEC_PER_SEC)

static const char walk[] = "local seen, said, cursor = {}, {}, '0'\n"
                           "repeat\n"
                           "  local page = redis.call('SCAN', cursor, 'MATCH', ARGV[1], 'COUNT', 1000)\n"
                           "  cursor = page[1]\n"
                           "  for _, key in ipairs(page[2]) do\n"
                           "    if not seen[key] then\n"
                           "      seen[key] = true\n"
                           "      local f = redis.call('HMGET', key, 'state', 'outcome')\n"
                           "      said[#said + 1] = key\n"
                           "      said[#said + 1] = f[1] or ''\n"
                           "      said[#said + 1] = f[2] or ''\n"
                           "    end\n"
                           "  end\n"
                           "until cursor == '0'\n"
                           "return said\n";

enum { WORDS = 3 }; /* of each job in its answer */

static const char *const names[DISAGREEMENTS] = {"unfinished", "otherwise", "missing", "nobodys"};

const char *disagreement_name(disagreement kind) {
    return names[kind];
}

int64_t job_audit_total(const job_audit *audit) {
    int64_t sum = 0;
    for (disagreement k = 0; k < DISAGREEMENTS; k++) sum += audit->count[k];
    return sum;
}

bool job_audit_judge(const job_life *life, const char *state, const char *outcome, disagreement *ret_kind) {
    job_state stands = JOB_CREATED;
    bool over = job_state_parse(state, &stands) && stands >= JOB_FINISHED;
    if (!life) {
        *ret_kind = DISAGREES_NOBODYS;
        return !over;
    }
    if (life->state == LIFE_UNDER_WAY) return false;
    *ret_kind = over ? DISAGREES_OTHERWISE : DISAGREES_UNFINISHED;
    return !over || (life->state == LIFE_ENDED && strcmp(outcome, job_outcome_name(life->outcome)) != 0);
}

/* ---- jobs that are in Redis ----------------------------------------------------------------------------------------- */

typedef struct found {
    char id[ID_MAX + 1];
    UT_hash_handle hh;
} found;

typedef struct audit {
    const job_lives *lives;
    const audit_rules *rules;
    job_audit sum;
    found *found;
} audit;

static void keep_found(audit *a, const char *id) {
    found *f = mem_zalloc(1, sizeof *f);
    snprintf(f->id, sizeof f->id, "%s", id);
    HASH_ADD_STR(a->found, id, f);
}

static void take_record(audit *a, const char *key, const char *state, const char *outcome) {
    const char *colon = strrchr(key, ':');
    const char *id = colon ? colon + 1 : key;
    disagreement kind;
    a->sum.jobs++;
    if (job_audit_judge(job_lives_find(a->lives, id), state, outcome, &kind)) a->sum.count[kind]++;
    keep_found(a, id);
}

static sched_status read_one(redis_host *redis, const keyspace *keys, audit *a, sched_error *err) {
    redis_key pattern;
    redis_call call;
    redis_reply *reply = NULL;
    call_command(&call, "EVAL");
    call_str(&call, walk);
    call_int(&call, 0);
    call_str(&call, key_pattern_named(&pattern, keys, a->rules->copies ? "copy:*" : "job:*"));
    sched_status status = redis_host_ask(redis, &call, &reply, err);
    if (status) return status;
    size_t words = reply_count(reply);
    if (reply_is_error(reply)) status = sched_fail(err, SCHED_EPROTO, "state of all jobs: %s", reply_text(reply));
    for (size_t i = 0; i + WORDS <= words && !status; i += WORDS)
        take_record(a, reply_text(reply_at(reply, i)), reply_text(reply_at(reply, i + 1)),
                    reply_text(reply_at(reply, i + 2)));
    sync_reply_free(reply);
    return status;
}

/* ---- jobs that are not ---------------------------------------------------------------------------------------------- */

static void look_for(void *ctx, const job_life *life) {
    audit *a = ctx;
    found *f;
    HASH_FIND_STR(a->found, life->id, f);
    if (f || life->state != LIFE_ENDED || life->at + a->rules->kept < a->rules->now + TELLING_SLACK) return;
    a->sum.jobs++;
    a->sum.count[DISAGREES_MISSING]++;
}

static void forget_found(audit *a) {
    found *f, *next;
    HASH_ITER (hh, a->found, f, next) {
        HASH_DEL(a->found, f);
        free(f);
    }
}

sched_status job_audit_measure(redis_host *redis, const keyspace *keys, const job_lives *lives,
                               const audit_rules *rules, job_audit *ret_audit, sched_error *err) {
    audit a = {.lives = lives, .rules = rules};
    sched_status status = SCHED_OK;
    for (int i = 0; i < redis_host_masters(redis) && !status; i++) {
        redis_host_turn_to(redis, i);
        status = read_one(redis, keys, &a, err);
    }
    redis_host_turn_to(redis, 0);
    if (!status) job_lives_each(lives, look_for, &a);
    forget_found(&a);
    a.sum.done = true;
    if (!status) *ret_audit = a.sum;
    return status;
}
