/* fsck_copies.c - what instances that have their jobs in memory leave in Redis: copies, bindings, locks. All of it ends by itself.
 *
 * Whether a copy is true cannot be seen here: only its instance knows. */
#include "core/ctl/fsck_checks.h"

#include "core/domain/ids.h"
#include "core/domain/job.h"

void fsck_ask_copy(fsck *f, const char *key, const char *job_id) {
    (void)job_id;
    fsck_ask_about(f, "HGETALL", key, NULL);
    fsck_ask_about(f, "PTTL", key, NULL);
}

void fsck_judge_copy(fsck *f, const char *key, const char *job_id) {
    (void)job_id;
    redis_reply *copy = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    job_state state;
    if (!fsck_wrong_type(f, key, copy) && reply_count(copy)) {
        const char *name = record_field(copy, "state");
        if (!name || !job_state_parse(name, &state))
            fsck_note(f, FSCK_COPY, key, "state", "found state \"%.20s\", expected CREATED to RELEASED",
                      record_shown(copy, "state"));
        else if (!record_whole(record_field(copy, "attempt"), 1, NULL))
            fsck_note(f, FSCK_COPY, key, "attempt", "found attempt \"%.20s\", expected a number from 1",
                      record_shown(copy, "attempt"));
        fsck_note_large(f, key, copy);
        fsck_judge_ttl(f, FSCK_COPY, key, ttl);
    }
    sync_reply_free(copy);
    sync_reply_free(ttl);
}

/* Both name a job: the one that the request has, or that is being made for it. */
void fsck_judge_binding(fsck *f, const char *key, const char *request_id) {
    (void)request_id;
    redis_reply *named = fsck_answer(f);
    redis_reply *ttl = fsck_answer(f);
    unsigned bucket;
    if (!reply_is_nil(named) && !fsck_wrong_type(f, key, named)) {
        const char *job_id = reply_text(named);
        if (!id_valid(job_id) || !job_bucket_of_job(job_id, &bucket))
            fsck_note(f, FSCK_COPY, key, "value", "found \"%.80s\", expected a job id", job_id);
        fsck_judge_ttl(f, FSCK_COPY, key, ttl);
    }
    sync_reply_free(named);
    sync_reply_free(ttl);
}
