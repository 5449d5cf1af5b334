/* server_log.c - what libwebsockets has to say, in our log.
 *
 * The library has one log for the process and hands no context to its writer, so this is the one file of the daemon with state of the
 * process. It calls errors what any client can bring about by a bad handshake; those are told as "debug", because nobody outside
 * shall be able to fill a log: what operators need to know of clients is counted. While a context is made its errors are the
 * reason of a failure, and are captured. */
#include <stdio.h>
#include <string.h>

#include "core/daemon/server_internal.h"

static logger target;
static char *capture;
static size_t capture_size;

static void emit(int level, const char *line) {
    (void)level;
    /* "[2024/05/01 12:00:00:0000] E: text\n" */
    const char *text = strstr(line, ": ");
    text = text ? text + 2 : line;
    int length = (int)strcspn(text, "\n");
    if (capture)
        snprintf(capture, capture_size, "%.*s", length, text);
    else
        log_write(&target, LOG_DEBUG, "libwebsockets", "%.*s", length, text);
}

void server_log_to(const logger *log) {
    target = log ? *log : (logger){0};
    capture = NULL;
    lws_set_log_level(target.write ? LLL_ERR | LLL_WARN : 0, emit);
}

void server_log_capture(char *text, size_t size) {
    capture = text;
    capture_size = size;
    if (text) *text = '\0';
    lws_set_log_level(text || target.write ? LLL_ERR | LLL_WARN : 0, emit);
}
