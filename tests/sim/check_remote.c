/* check_remote.c - a job whose node has its connection at another instance: what travels between the two, and what becomes of the job
 * when something of it gets lost. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/scheduler/remote_flow.h"
#include "tests/support/many_world.h"
#include "tests/support/suite.h"

enum { NODE = 1 };

static const usec_t msec = USEC_PER_MSEC;

/* The node is at instance 1, sessions are at both. */
static void two_instances(void) {
    open_world("production");
    open_many(2);
    use(1);
    join(NODE, "n1", 2);
    use(0);
}

static void settle(void) {
    pass(50 * msec);
}

static void say(uint64_t utterance) {
    speak_at(0, utterance);
    settle();
}

static void assert_all_is_over(void) {
    for (int i = 0; i < 2; i++) {
        scheduler_counts counts = scheduler_count(at(i));
        ck_assert_msg(counts.jobs == 0 && counts.guests == 0, "instance %d: %lld jobs, %lld guests", i,
                      (long long)counts.jobs, (long long)counts.guests);
    }
    ck_assert_int_eq(reservations_of("n1"), 0);
}

static void node_says(const said *a, job_outcome outcome, const char *code) {
    use(1);
    answer(a, outcome, code);
    use(0);
    settle();
}

/* ---- the way of a job ----------------------------------------------------------------------------------------------- */

START_TEST(a_job_reaches_a_node_of_another_instance_and_its_result_comes_back) {
    two_instances();
    say(1);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_uint_eq(assigned[0].conn, NODE);
    ck_assert_int_eq(assigned[0].bytes, 1024);
    ck_assert_int_eq(count_of(EV_DISPATCHED), 1);
    ck_assert_int_eq(scheduler_count(at(1)).guests, 1);
    node_says(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    ck_assert_uint_eq(answered[0].conn, SESSION);
    assert_all_is_over();
    close_many();
}
END_TEST

START_TEST(what_the_node_says_meanwhile_moves_the_job_as_if_it_were_here) {
    two_instances();
    say(1);
    scheduler_node_ack(at(1), NODE, assigned[0].job, 1);
    settle();
    ck_assert_int_eq(count_of(EV_ACCEPTED), 1);
    scheduler_node_started(at(1), NODE, assigned[0].job, 1);
    settle();
    ck_assert_int_eq(count_of(EV_STARTED), 1);
    node_says(&assigned[0], OUTCOME_OK, "");
    assert_all_is_over();
    close_many();
}
END_TEST

START_TEST(a_failure_leads_to_the_next_attempt_on_another_node) {
    two_instances();
    say(1);
    join(2, "n2", 2);
    node_says(&assigned[0], OUTCOME_FAILED, "GPU_LOST");
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_eq(assigned[1].conn, 2);
    ck_assert_int_eq(assigned[1].attempt, 2);
    answer(&assigned[1], OUTCOME_OK, "");
    assert_all_is_over();
    close_many();
}
END_TEST

START_TEST(a_cancelled_job_is_cancelled_at_its_node) {
    two_instances();
    say(1);
    ck_assert(scheduler_cancel(at(0), assigned[0].job, "user"));
    settle();
    ck_assert_int_eq(cancelled_count, 1);
    ck_assert_uint_eq(cancelled[0].conn, NODE);
    ck_assert_str_eq(cancelled[0].code, "user");
    assert_all_is_over();
    close_many();
}
END_TEST

START_TEST(an_empty_result_leaves_the_place_for_the_full_one) {
    two_instances();
    say(1);
    node_says(&assigned[0], OUTCOME_NO_TEXT, "");
    ck_assert_int_eq(count_of(EV_EMPTY_HELD), 1);
    node_says(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    assert_all_is_over();
    close_many();
}
END_TEST

START_TEST(a_node_that_leaves_its_instance_loses_the_job_at_once) {
    two_instances();
    say(1);
    join(2, "n2", 2);
    scheduler_node_gone(at(1), NODE);
    settle();
    ck_assert_str_eq(last_of(EV_RETRY)->code, "NODE_LOST");
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_eq(assigned[1].conn, 2);
    ck_assert_int_eq(scheduler_count(at(1)).guests, 0);
    close_many();
}
END_TEST

START_TEST(a_node_that_has_gone_elsewhere_is_not_sent_the_job) {
    two_instances();
    say(1);
    node_says(&assigned[0], OUTCOME_OK, "");
    set_node_field("n1", "owner", "i1:00000000000000ff"); /* another connection by now */
    say(2);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_gt(count_of(EV_CONFIRM_REFUSED), 0);
    ck_assert_str_eq(last_of(EV_CONFIRM_REFUSED)->code, "owner");
    close_many();
}
END_TEST

/* ---- what gets lost ------------------------------------------------------------------------------------------------- */

/* Of the first attempt. */
static peer_kind lost_kind;
static int to_lose;

static usec_t lose_some(int from, int to, const peer_message *m) {
    (void)from, (void)to;
    if (m->kind != lost_kind || m->attempt > 1 || to_lose == 0) return msec;
    to_lose--;
    return USEC_NEVER;
}

static void lose(peer_kind kind, int count) {
    lost_kind = kind;
    to_lose = count;
    meddle_with_peers(lose_some);
}

static const peer_kind asked_again[] = {PEER_FETCH, PEER_JOB, PEER_SENT};

static void lose_one(peer_kind kind) {
    two_instances();
    lose(kind, 1);
    say(1);
    pass(2 * second);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(count_of(EV_RETRY), 0);
    node_says(&assigned[0], OUTCOME_OK, "");
    assert_all_is_over();
    close_many();
}

START_TEST(of_a_message_before_the_job_is_sent_one_may_be_lost) {
    for (int i = 0; i < 3; i++) lose_one(asked_again[i]);
}
END_TEST

static void lose_both(peer_kind kind) {
    two_instances();
    lose(kind, 9);
    say(1);
    ck_assert_int_eq(scheduler_count(at(0)).jobs, 1);
    pass(3 * second);
    ck_assert_str_eq(last_of(EV_RETRY)->code, "RESERVATION_LOST");
    ck_assert_str_eq(last_of(EV_CONFIRM_REFUSED)->code, "silent");
    if (kind != PEER_FETCH) join(2, "n2", 1); /* n1 may have had it, so it is not asked again */
    pass(2 * second);
    const said *last = &assigned[assigned_count - 1];
    ck_assert_int_eq(last->attempt, 2);
    use(last->conn == NODE ? 1 : 0);
    answer(last, OUTCOME_OK, "");
    settle();
    use(0);
    ck_assert_int_eq(answered_count, 1);
    assert_all_is_over();
    close_many();
}

START_TEST(without_a_word_the_reservation_is_given_back_and_the_next_attempt_made) {
    for (int i = 0; i < 3; i++) lose_both(asked_again[i]);
}
END_TEST

START_TEST(a_result_is_said_again_until_it_came) {
    two_instances();
    say(1);
    lose(PEER_RESULT, 2);
    node_says(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 0);
    pass(4 * second);
    ck_assert_int_eq(answered_count, 1);
    assert_all_is_over();
    close_many();
}
END_TEST

START_TEST(a_result_whose_receipt_is_lost_changes_nothing_when_it_comes_again) {
    two_instances();
    say(1);
    lose(PEER_GOT, 1);
    node_says(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(scheduler_count(at(1)).guests, 1);
    pass(2 * second);
    ck_assert_int_eq(answered_count, 1);
    assert_all_is_over();
    close_many();
}
END_TEST

START_TEST(a_word_of_the_node_says_that_it_was_sent) {
    two_instances();
    lose(PEER_SENT, 1);
    say(1);
    ck_assert_int_eq(count_of(EV_DISPATCHED), 0);
    node_says(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(count_of(EV_DISPATCHED), 1);
    ck_assert_int_eq(answered_count, 1);
    assert_all_is_over();
    close_many();
}
END_TEST

static usec_t slow_job(int from, int to, const peer_message *m) {
    (void)from, (void)to;
    return m->kind == PEER_JOB ? 5 * second : msec;
}

START_TEST(a_job_that_comes_too_late_is_not_sent) {
    two_instances();
    meddle_with_peers(slow_job);
    say(1);
    pass(2 * second);
    meddle_with_peers(NULL);
    pass(10 * second);
    for (int i = 0; i < assigned_count; i++) ck_assert_int_gt(assigned[i].attempt, 1);
    ck_assert_int_eq(reservations_of("n1"), assigned_count);
    close_many();
}
END_TEST

/* ---- what comes twice, or too late --------------------------------------------------------------------------------- */

static inbox_entry entry_of(const said *a, usec_t deadline) {
    return (inbox_entry){
        .kind = ENTRY_ASSIGN,
        .from = "i0",
        .address = "i0",
        .job = a->job,
        .session = "s-0",
        .node = "n1",
        .attempt = a->attempt,
        .deadline_msec = deadline / USEC_PER_MSEC,
    };
}

START_TEST(an_entry_that_comes_again_sends_nothing_twice) {
    two_instances();
    say(1);
    inbox_entry entry = entry_of(&assigned[0], engine_now(e) + 20 * second);
    int fetches = said_to_peers(PEER_FETCH);
    remote_assign_entry(at(1), &entry);
    ck_assert_int_eq(said_to_peers(PEER_FETCH), fetches); /* the guest is known */
    node_says(&assigned[0], OUTCOME_OK, "");
    remote_assign_entry(at(1), &entry);
    pass(2 * second);
    ck_assert_int_eq(said_to_peers(PEER_NOT_HERE), 1); /* the job is over */
    ck_assert_int_eq(assigned_count, 1);
    assert_all_is_over();
    close_many();
}
END_TEST

START_TEST(an_entry_that_comes_behind_its_deadline_asks_for_nothing) {
    two_instances();
    said none = {.job = "j000-0000000000000001", .attempt = 1};
    inbox_entry entry = entry_of(&none, engine_now(e));
    remote_assign_entry(at(1), &entry);
    ck_assert_int_eq(scheduler_count(at(1)).guests, 0);
    ck_assert_int_eq(said_to_peers(PEER_FETCH), 0);
    close_many();
}
END_TEST

START_TEST(an_instance_that_has_all_guests_that_it_may_have_says_so) {
    open_world("production");
    config.jobs_max = 1;
    open_many(2);
    use(1);
    join(NODE, "n1", 2);
    use(0);
    say(1);
    said other = {.job = "j000-0000000000000001", .attempt = 1};
    inbox_entry entry = entry_of(&other, engine_now(e) + second);
    remote_assign_entry(at(1), &entry);
    ck_assert_int_eq(said_to_peers(PEER_REFUSED), 1);
    ck_assert_int_eq(scheduler_count(at(1)).guests, 1);
    close_many();
}
END_TEST

static peer_message about(peer_kind kind, const char *job_id, int64_t attempt) {
    peer_message m = remote_about(kind, job_id, attempt, "n1");
    m.session = m.to = m.request = m.code = m.service = m.room = "";
    m.address = "i1";
    return m;
}

START_TEST(the_sound_of_another_attempt_is_not_handed_over) {
    two_instances();
    lose(PEER_FETCH, 9);
    say(1);
    char job_id[ID_MAX + 1];
    snprintf(job_id, sizeof job_id, "%s", last_of(EV_RESERVED)->job);
    peer_message fetch = about(PEER_FETCH, job_id, 2);
    scheduler_peer_message(at(0), "i1", &fetch);
    ck_assert_int_eq(said_to_peers(PEER_NOT_HERE), 1);
    ck_assert_int_eq(said_to_peers(PEER_JOB), 0);
    close_many();
}
END_TEST

START_TEST(what_a_node_says_of_an_attempt_that_was_given_up_changes_nothing) {
    two_instances();
    say(1);
    said first = assigned[0];
    join(2, "n2", 2);
    node_says(&first, OUTCOME_FAILED, "GPU_LOST");
    int stale = count_of(EV_STALE);
    peer_message late = about(PEER_RESULT, first.job, 1);
    late.outcome = OUTCOME_OK;
    scheduler_peer_message(at(0), "i1", &late);
    ck_assert_int_eq(count_of(EV_STALE), stale + 1);
    ck_assert_int_eq(answered_count, 0);
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    close_many();
}
END_TEST

/* ---- by inbox ------------------------------------------------------------------------------------------------------- */

static void two_instances_by_inbox(void) {
    open_world("production");
    config.delivery = DELIVERY_INBOX;
    open_many(2);
    use(1);
    join(NODE, "n1", 2);
    use(0);
}

START_TEST(by_inbox_a_result_is_announced_there_and_fetched) {
    two_instances_by_inbox();
    say(1);
    node_says(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(said_to_peers(PEER_FETCH), 2); /* the sound, the result */
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    assert_all_is_over();
    close_many();
}
END_TEST

START_TEST(by_inbox_a_result_that_was_not_fetched_is_announced_again) {
    two_instances_by_inbox();
    say(1);
    lose(PEER_RESULT, 1);
    node_says(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 0);
    pass(3 * second);
    ck_assert_int_eq(answered_count, 1);
    assert_all_is_over();
    close_many();
}
END_TEST

/* ---- room ----------------------------------------------------------------------------------------------------------- */

START_TEST(a_slot_that_our_job_leaves_elsewhere_goes_to_the_next_of_ours) {
    two_instances();
    for (uint64_t u = 1; u <= 4; u++) say(u);
    ck_assert_int_eq(assigned_count, 2);
    pass(2 * second);
    int proposed = count_of(EV_PROPOSED);
    node_says(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_uint_eq(assigned[2].utterance, 3);
    ck_assert_int_eq(count_of(EV_PROPOSED) - proposed, 2); /* both rounds of the fourth: elsewhere room comes unseen */
    close_many();
}
END_TEST

START_TEST(where_others_use_our_nodes_room_comes_unseen_too) {
    two_instances();
    say(1);
    say(2);
    speak_at(1, 1);
    pass(3 * second);
    ck_assert_int_eq(scheduler_count(at(1)).waiting, 1);
    int proposed = count_of(EV_PROPOSED);
    pass(second);
    ck_assert_int_eq(count_of(EV_PROPOSED) - proposed, 2); /* both rounds */
    close_many();
}
END_TEST

START_TEST(a_node_that_left_another_instance_is_not_asked_for_its_slots) {
    two_instances();
    for (uint64_t u = 1; u <= 4; u++) say(u);
    pass(2 * second);
    int refused = count_of(EV_GRANT_REFUSED);
    scheduler_node_gone(at(1), NODE);
    pass(2 * msec);
    ck_assert_int_eq(count_of(EV_RETRY), 2);
    pass(10 * msec);
    ck_assert_int_eq(count_of(EV_GRANT_REFUSED), refused);
    close_many();
}
END_TEST

static usec_t only_to_one(int from, int to, const peer_message *m) {
    (void)to, (void)m;
    return from == 1 ? USEC_NEVER : msec;
}

START_TEST(to_an_instance_that_says_nothing_one_waiting_job_goes_at_a_time) {
    two_instances();
    use(1);
    beat_with(NODE, (node_load){.cpu = 99});
    use(0);
    for (uint64_t u = 1; u <= 6; u++) say(u);
    ck_assert_int_eq(scheduler_count(at(0)).waiting, 6);
    meddle_with_peers(only_to_one);
    use(1);
    beat_with(NODE, (node_load){.cpu = 1});
    use(0);
    for (int i = 0; i < 40; i++) {
        pass(100 * msec);
        ck_assert_int_le(reservations_of("n1"), 1);
    }
    ck_assert_str_eq(last_of(EV_CONFIRM_REFUSED)->code, "silent");
    close_many();
}
END_TEST

/* Of two nodes the one there is idle, and the one here has half of its slots left. */
static void two_nodes(void) {
    two_instances();
    meddle_with_peers(only_to_one);
    join(2, "n0", 4);
    set_node_field("n1", "up", "0");
    say(1);
    say(2);
    set_node_field("n1", "up", "1");
    ck_assert_int_eq(assigned_count, 2);
}

START_TEST(without_a_word_of_the_other_instance_the_next_node_is_asked) {
    two_nodes();
    say(3);
    pass(1100 * msec);
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_uint_eq(assigned[2].conn, 2);
    ck_assert_int_eq(assigned[2].attempt, 2);
    ck_assert_int_eq(reservations_of("n1"), 0);
    say(4); /* is not sent there first */
    ck_assert_int_eq(assigned_count, 4);
    ck_assert_int_eq(assigned[3].attempt, 1);
    ck_assert_str_eq(last_of(EV_GRANT_REFUSED)->code, "SILENT");
    close_many();
}
END_TEST

START_TEST(one_job_at_a_time_finds_out_whether_it_speaks_again) {
    two_nodes();
    say(3);
    pass(2100 * msec);
    speak_at(0, 4); /* it may go there again */
    speak_at(0, 5);
    settle();
    ck_assert_int_eq(reservations_of("n1"), 1);
    ck_assert_int_eq(assigned_count, 4);
    meddle_with_peers(NULL);
    pass(second);
    ck_assert_uint_eq(assigned[assigned_count - 1].utterance, 4);
    ck_assert_uint_eq(assigned[assigned_count - 1].conn, NODE);
    say(6);
    ck_assert_uint_eq(assigned[assigned_count - 1].utterance, 6);
    ck_assert_uint_eq(assigned[assigned_count - 1].conn, NODE);
    close_many();
}
END_TEST

/* ---- owner keys ----------------------------------------------------------------------------------------------------- */

START_TEST(with_owner_keys_a_new_node_is_nobodys_until_its_key_is_written) {
    open_world("production");
    config.incidents.owner_keys = true;
    open_many(2);
    use(1);
    pass(second);
    join(NODE, "n1", 2);
    use(0);
    say(1);
    ck_assert_int_eq(assigned_count, 0);
    ck_assert_str_eq(last_of(EV_CONFIRM_REFUSED)->code, "owner");
    pass(20 * second);
    say(2);
    ck_assert_int_ge(assigned_count, 1);
    close_many();
}
END_TEST

/* ---- entries that stay ---------------------------------------------------------------------------------------------- */

static void on_sent(void *arg, send_result result) {
    *(bool *)arg = result == SEND_OK;
}

static int64_t entries_of(const char *(*key_of)(redis_key *, const keyspace *, const char *)) {
    redis_key key;
    redis_call call;
    redis_reply *reply;
    call_command(&call, "XLEN");
    call_key(&call, key_of(&key, &config.keys, "i1"));
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    int64_t count = reply_int(reply);
    virtual_redis_reply_free(reply);
    return count;
}

/* i0 leaves i1 an entry for a node that is not there; what is left of it 80 s later. */
static void leave_for_nobody(bool stuck, bool resetting, int refusals, int64_t left, int64_t dead) {
    open_world("production");
    config.incidents.stuck_entries = stuck;
    config.incidents.resetting_reclaim = resetting;
    open_many(2);
    pass(second);
    said none = {.job = "j000-0000000000000001", .attempt = 1};
    inbox_entry entry = entry_of(&none, engine_now(e) + 20 * second);
    entry.node = "n9";
    bool sent = false;
    instance_send(at(0)->self, "i1", &entry, on_sent, &sent);
    pass(80 * second);
    ck_assert(sent);
    ck_assert_int_eq(said_to_peers(PEER_REFUSED), refusals);
    ck_assert_int_eq(entries_of(key_instance_inbox), left);
    ck_assert_int_eq(entries_of(key_instance_dead), dead);
    close_many();
}

START_TEST(an_entry_for_a_node_that_is_not_here_is_refused_and_gone) {
    leave_for_nobody(false, false, 1, 0, 0);
}
END_TEST

START_TEST(left_where_it_is_it_becomes_a_dead_letter) {
    leave_for_nobody(true, false, 0, 0, 1);
}
END_TEST

START_TEST(or_not_even_that_where_each_try_resets_what_is_measured) {
    leave_for_nobody(true, true, 0, 1, 0);
}
END_TEST

/* ---- instances that end --------------------------------------------------------------------------------------------- */

START_TEST(guests_of_a_dead_instance_may_finish_and_change_nothing) {
    two_instances();
    say(1);
    kill_instance(0);
    use(1);
    pass(10 * second);
    answer(&assigned[0], OUTCOME_OK, "");
    pass(120 * second);
    ck_assert_int_eq(scheduler_count(at(1)).guests, 0);
    ck_assert_int_eq(answered_count, 0);
    close_many();
}
END_TEST

static void set_flag(void *flag) {
    *(bool *)flag = true;
}

START_TEST(the_death_of_the_instance_that_has_the_node_is_the_loss_of_the_node) {
    two_instances();
    say(1);
    kill_instance(1);
    use(0);
    join(2, "n2", 2);
    pass(14 * second); /* not by the attempt's deadline */
    while (count_of(EV_RETRY) == 0 && scheduler_count(at(0)).jobs > 0) pass(second);
    ck_assert_str_eq(last_of(EV_RETRY)->node, "n1");
    pass(second);
    ck_assert_uint_eq(assigned[assigned_count - 1].conn, 2);
    answer(&assigned[assigned_count - 1], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    close_many();
}
END_TEST

START_TEST(an_instance_that_leaves_works_off_its_guests_and_sends_its_nodes_away) {
    bool left = false;
    two_instances();
    say(1);
    scheduler_leave(at(1), set_flag, &left);
    pass(second);
    ck_assert(!left);
    ck_assert_int_eq(closed_count, 0);
    say(2); /* for a node that drains */
    ck_assert_int_eq(assigned_count, 1);
    node_says(&assigned[0], OUTCOME_OK, "");
    pass(second);
    ck_assert(left);
    ck_assert_int_eq(closed_count, 1);
    ck_assert_str_eq(last_close_reason, "moving");
    ck_assert_int_eq(answered_count, 1);
    close_many();
}
END_TEST

START_TEST(an_instance_that_leaves_takes_nothing_new_and_leaves_at_the_limit) {
    bool left = false;
    two_instances();
    say(1);
    speak_at(1, 1);
    settle();
    scheduler_leave(at(1), set_flag, &left);
    speak_at(1, 2);
    ck_assert_str_eq(answered[answered_count - 1].code, "SCHEDULER_OVERLOADED");
    use(1);
    ck_assert_int_eq(open_session(SESSION + 1, "s-9"), SCHED_FULL);
    offer(2, "n2", "en de", 1);
    ck_assert_int_eq(refused_count, 1);
    pass(config.close_limit + second);
    ck_assert(left);
    close_many();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_job_reaches_a_node_of_another_instance_and_its_result_comes_back,
        what_the_node_says_meanwhile_moves_the_job_as_if_it_were_here,
        a_failure_leads_to_the_next_attempt_on_another_node,
        a_cancelled_job_is_cancelled_at_its_node,
        an_empty_result_leaves_the_place_for_the_full_one,
        a_node_that_leaves_its_instance_loses_the_job_at_once,
        a_node_that_has_gone_elsewhere_is_not_sent_the_job,
        of_a_message_before_the_job_is_sent_one_may_be_lost,
        without_a_word_the_reservation_is_given_back_and_the_next_attempt_made,
        a_result_is_said_again_until_it_came,
        a_result_whose_receipt_is_lost_changes_nothing_when_it_comes_again,
        a_word_of_the_node_says_that_it_was_sent,
        a_job_that_comes_too_late_is_not_sent,
        an_entry_that_comes_again_sends_nothing_twice,
        an_entry_that_comes_behind_its_deadline_asks_for_nothing,
        an_instance_that_has_all_guests_that_it_may_have_says_so,
        the_sound_of_another_attempt_is_not_handed_over,
        what_a_node_says_of_an_attempt_that_was_given_up_changes_nothing,
        by_inbox_a_result_is_announced_there_and_fetched,
        by_inbox_a_result_that_was_not_fetched_is_announced_again,
        a_slot_that_our_job_leaves_elsewhere_goes_to_the_next_of_ours,
        where_others_use_our_nodes_room_comes_unseen_too,
        a_node_that_left_another_instance_is_not_asked_for_its_slots,
        to_an_instance_that_says_nothing_one_waiting_job_goes_at_a_time,
        without_a_word_of_the_other_instance_the_next_node_is_asked,
        one_job_at_a_time_finds_out_whether_it_speaks_again,
        with_owner_keys_a_new_node_is_nobodys_until_its_key_is_written,
        an_entry_for_a_node_that_is_not_here_is_refused_and_gone,
        left_where_it_is_it_becomes_a_dead_letter,
        or_not_even_that_where_each_try_resets_what_is_measured,
        guests_of_a_dead_instance_may_finish_and_change_nothing,
        the_death_of_the_instance_that_has_the_node_is_the_loss_of_the_node,
        an_instance_that_leaves_works_off_its_guests_and_sends_its_nodes_away,
        an_instance_that_leaves_takes_nothing_new_and_leaves_at_the_limit,
    };
    return SUITE_RUN("remote", tests);
}
