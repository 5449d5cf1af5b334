/* check_event_log.c - which of the scheduler's events are lines of the log, and what stands in them. */
#include "core/daemon/event_log.h"

#include <string.h>
#include <unistd.h>

#include "tests/support/suite.h"

static char text[8192];

/* What is written of the event when the least level is that. */
static const char *line_of(log_level least, sched_event event) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    log_writer w = {.fd = ends[1], .format = LOG_LOGFMT, .least = least};
    if (!event.node) event.node = "";
    if (!event.job) event.job = "";
    if (!event.session) event.session = "";
    if (!event.code) event.code = "";
    event_log(&w, &event);
    close(ends[1]);
    ssize_t len = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    text[len > 0 ? len : 0] = '\0';
    const char *level = strstr(text, "level=");
    return level ? level : "";
}

START_TEST(what_becomes_of_nodes_is_said) {
    ck_assert_str_eq(line_of(LOG_INFO, (sched_event){.kind = EV_NODE_OFFLINE, .node = "gpu-7", .code = "expired"}),
                     "level=info event=node_offline node=gpu-7 code=expired\n");
    ck_assert_str_eq(line_of(LOG_WARN, (sched_event){.kind = EV_NODE_OFFLINE, .node = "gpu-7", .code = "expired"}), "");
    ck_assert_str_eq(line_of(LOG_WARN, (sched_event){.kind = EV_NODE_DEGRADED, .node = "gpu-7", .code = "failures"}),
                     "level=warn event=node_degraded node=gpu-7 code=failures\n");
}
END_TEST

START_TEST(steps_of_a_job_are_for_debugging) {
    lang_pair pair = {"de", "en"};
    sched_event event = {.kind = EV_FINISHED,
                         .job = "j001-a",
                         .attempt = 2,
                         .session = "s-1",
                         .utterance = 7,
                         .pair = &pair,
                         .node = "gpu-7",
                         .outcome = OUTCOME_FAILED,
                         .code = "TTS_TIMEOUT"};
    ck_assert_str_eq(line_of(LOG_INFO, event), "");
    ck_assert_str_eq(line_of(LOG_DEBUG, event),
                     "level=debug event=finished node=gpu-7 job=j001-a attempt=2 session=s-1 utterance=7 pair=de:en "
                     "outcome=failed code=TTS_TIMEOUT\n");
}
END_TEST

START_TEST(what_is_said_elsewhere_is_not_said_again) {
    ck_assert_str_eq(line_of(LOG_DEBUG, (sched_event){.kind = EV_REDIS_DOWN}), "");
    ck_assert_str_eq(line_of(LOG_DEBUG, (sched_event){.kind = EV_NODE_REGISTERED, .node = "gpu-7"}), "");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        what_becomes_of_nodes_is_said,
        steps_of_a_job_are_for_debugging,
        what_is_said_elsewhere_is_not_said_again,
    };
    return SUITE_RUN("event_log", tests);
}
