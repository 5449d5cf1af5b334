/* Do the watchers see? One script is damaged at a time, and the same run that passes with sound scripts must be found out, by
 * the checker in its trace or by the consistency check in its data.
 *
 * In the run, nodes hang, so that attempts time out and are made again elsewhere; and the first answer to each request for
 * another attempt gets lost on its way, so that it is asked for twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/embedded.h"
#include "core/base/mem.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

#define TROUBLE                                                                                                        \
    "duration: 100s\n"                                                                                                 \
    "warmup: 0s\n"                                                                                                     \
    "languages: {count: 2}\n"                                                                                          \
    "nodes: [{name: gpu, count: 10, slots: 4}]\n"                                                                      \
    "sessions: [{concurrent: 50, talk: {pause: 2s}}]\n"                                                                \
    "faults: [{at: 30s, kind: hang, nodes: {count: 2}, for: 50s}]\n"

/* ---- answers that get lost ------------------------------------------------------------------------------------------ */

typedef struct lossy {
    redis_link link;
    uint64_t reassigned;
} lossy;

typedef struct loss {
    link_callback *done;
    void *arg;
} loss;

static void lose_answer(void *arg, link_status status, const redis_reply *reply) {
    loss it = *(loss *)arg;
    (void)status, (void)reply;
    free(arg);
    it.done(it.arg, LINK_UNKNOWN, NULL);
}

static void submit_lossy(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    lossy *l = ctx;
    if (call->script == SCRIPT_FAILOVER_REASSIGN && l->reassigned++ % 2 == 0) {
        loss *it = mem_alloc(sizeof *it);
        *it = (loss){done, arg};
        done = lose_answer;
        arg = it;
    }
    link_submit(&l->link, call, patience, done, arg);
}

static redis_link make_lossy(void *ctx, redis_link link) {
    lossy *l = ctx;
    l->link = link;
    return (redis_link){submit_lossy, l};
}

static sim_run *run_in_trouble(const char *folder) {
    lossy l = {0};
    sim_run *r = sim_run_new(TROUBLE, &(sim_run_options){.scripts = folder, .wrap_link = make_lossy, .ctx = &l});
    ck_assert_uint_gt(l.reassigned, 0);
    return r;
}

/* ---- damaged scripts ------------------------------------------------------------------------------------------------ */

typedef struct damage {
    const char *script, *sound, *damaged;
} damage;

static void write_script(const char *folder, const embedded_file *file, const damage *d) {
    char path[256];
    const char *text = (const char *)file->data;
    const char *at = d && !strcmp(file->name, d->script) ? strstr(text, d->sound) : NULL;
    snprintf(path, sizeof path, "%s/%s", folder, file->name);
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    if (at)
        fprintf(out, "%.*s%s%s", (int)(at - text), text, d->damaged, at + strlen(d->sound));
    else
        fwrite(text, 1, file->len, out);
    ck_assert_int_eq(fclose(out), 0);
    if (d && !strcmp(file->name, d->script)) {
        ck_assert_msg(at, "%s does not contain: %s", d->script, d->sound);
        ck_assert_msg(!strstr(at + 1, d->sound), "%s contains more than once: %s", d->script, d->sound);
    }
}

static void remove_scripts(const char *folder) {
    for (const embedded_file *file = embedded_scripts; file->name; file++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, file->name);
        unlink(path);
    }
    rmdir(folder);
}

static sim_run *run_damaged(const damage *d) {
    char folder[] = "/tmp/lingua-damaged-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (const embedded_file *file = embedded_scripts; file->name; file++) write_script(folder, file, d);
    sim_run *r = run_in_trouble(folder);
    remove_scripts(folder);
    return r;
}

static void expect_found(const damage *d, const char *promise) {
    sim_run *r = run_damaged(d);
    ck_assert_str_eq(sim_run_broken(r), promise);
    sim_run_free(r);
}

START_TEST(the_run_passes_with_sound_scripts) {
    sim_run *r = run_damaged(NULL);
    sim_run_expect_clean(r);
    ck_assert_uint_gt(r->core[EV_RETRY], 5);
    ck_assert_uint_gt(r->core[EV_REDIS], 5);
    sim_run_free(r);
}
END_TEST

START_TEST(a_skipped_release_is_found) {
    expect_found(&(damage){"release_reservation.lua",
                           "redis.call('ZREM', KEYS[1], string.format('%s %.0f', job_id, attempt))", "1"},
                 "leaked");
}
END_TEST

/* The end is not written down, so the sweep ends the job once more. */
START_TEST(a_double_finish_is_found) {
    expect_found(&(damage){"complete_task.lua", "redis.call('HSET', KEYS[1], 'state', state,",
                           "released = false\nredis.call('HSET', KEYS[1],"},
                 "double_end");
}
END_TEST

START_TEST(a_dropped_deadline_is_found) {
    expect_found(&(damage){"mark_job_dispatched.lua",
                           "redis.call('ZADD', KEYS[2], string.format('%.0f', now + deadline), job_id)",
                           "redis.call('ZREM', KEYS[2], job_id)"},
                 "lost");
}
END_TEST

/* The second question is about an attempt that is over, and moves the job once more. */
START_TEST(an_accepted_wrong_attempt_is_found) {
    expect_found(&(damage){"failover_reassign_job.lua", "or tonumber(job[2]) ~= attempt then", "then"}, "lost");
}
END_TEST

START_TEST(a_leaked_pool_member_is_found) {
    expect_found(&(damage){"pool_leave.lua", "if place then", "if false then"}, "data");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_run_passes_with_sound_scripts, a_skipped_release_is_found,         a_double_finish_is_found,
        a_dropped_deadline_is_found,       an_accepted_wrong_attempt_is_found, a_leaked_pool_member_is_found,
    };
    return SUITE_RUN("planted_faults", tests);
}
