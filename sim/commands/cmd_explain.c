/* cmd_explain.c - one decision's story, out of the trace of a run. */
#include "sim/commands/commands.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "sim/report/story.h"
#include "sim/report/trace_viewer.h"

static const char help[] =
    "Usage: lingua-sim explain OUT [JOB]\n"
    "\n"
    "Tells what happened to one utterance of a run that was written with --trace: which nodes were proposed, how "
    "loaded\n"
    "they were, who refused and why, and how long each step took. OUT is the folder of the run, or a trace.jsonl. JOB "
    "is\n"
    "the id of a job, or SESSION:UTTERANCE, or SESSION:UTTERANCE:TARGET. Without it, the ten utterances are listed "
    "that\n"
    "got no answer or waited longest.\n"
    "\n"
    "  --viewer FILE  write the whole run for a trace viewer instead (Trace Event Format, as Perfetto and "
    "chrome://tracing\n"
    "                 read it): a track for each node, a slice for each job; \"-\": standard output\n"
    "  --help         this text\n"
    "\n"
    "Examples:\n"
    "  lingua-sim run scenarios/phases/small_office.yaml --trace --out office\n"
    "  lingua-sim explain office\n"
    "  lingua-sim explain office staff-10:0\n"
    "  lingua-sim explain office --viewer office.json\n";

static int failed(const sched_error *err) {
    fprintf(stderr, "lingua-sim explain: %s\n", err->message);
    return err->status == SCHED_EIO ? STATUS_FAILED : STATUS_BAD_INPUT;
}

static int view(const char *trace, const char *path) {
    sched_error err = {0};
    FILE *out = path[0] == '-' && !path[1] ? stdout : fopen(path, "w");
    if (!out) {
        fprintf(stderr, "lingua-sim explain: %s: it cannot be written\n", path);
        return STATUS_FAILED;
    }
    sched_status status = trace_viewer_write(trace, out, &err);
    bool written = out == stdout || fclose(out) == 0;
    if (status) return failed(&err);
    if (!written) fprintf(stderr, "lingua-sim explain: %s: it cannot be written\n", path);
    return written ? STATUS_FINE : STATUS_FAILED;
}

int cmd_explain(int argc, char **argv) {
    static const struct option options[] = {{"viewer", required_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *viewer = NULL;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'v': viewer = optarg; break;
        case 'h': fputs(help, stdout); return STATUS_FINE;
        default: fputs("Try: lingua-sim explain --help\n", stderr); return STATUS_BAD_INPUT;
        }
    }
    int words = argc - optind;
    if (words < 1 || words > 2 || (viewer && words > 1)) {
        fputs("lingua-sim explain: expected the folder of a run, and at most one job\nTry: lingua-sim explain --help\n",
              stderr);
        return STATUS_BAD_INPUT;
    }
    char path[4096];
    struct stat about;
    bool folder = !stat(argv[optind], &about) && S_ISDIR(about.st_mode);
    snprintf(path, sizeof path, "%s%s", argv[optind], folder ? "/trace.jsonl" : "");
    if (viewer) return view(path, viewer);
    sched_error err = {0};
    sched_status status =
        words == 2 ? story_tell(path, argv[optind + 1], stdout, &err) : story_list(path, stdout, &err);
    return status ? failed(&err) : STATUS_FINE;
}
