/* schema.c - what the tables cannot say stands here: how a scenario is read, and the quantities in it. */
#include "sim/scenario/schema.h"

#include "core/base/settings_print.h"
#include "sim/scenario/dist_sample.h"
#include "sim/scenario/faults.h"
#include "sim/scenario/scenario.h"

static const char text_head[] =
    "# The language of scenarios. Every key stands below its meaning, with its form, its bounds and its default;\n"
    "# keys without a default, and elements of lists that are empty by default, are comments.\n"
    "#\n"
    "# Durations: 250ms, 15s, 1h30min. Sizes: 64KiB, 2MB. Rates: 5/s, 300/min. Shares: 15% or 0.15. Counts: 500, 10k, "
    "2M.\n"
    "\n";

static const char markdown_head[] =
    "# Scenarios\n"
    "\n"
    "A scenario says who asks, who answers, how long things take and what goes wrong. The simulator replays it through "
    "the\n"
    "scheduler's own code. The comment at its top is the question and the answer that is expected. Ten lines make "
    "one,\n"
    "because every key has a default:\n"
    "\n"
    "```yaml\n"
    "# Do 120 nodes carry 300 speakers when ten of them crash?\n"
    "duration: 5min\n"
    "languages: {count: 8}\n"
    "nodes:\n"
    "  - {name: gpu, count: 120, languages: 4, slots: 1}\n"
    "sessions:\n"
    "  - {name: talkers, concurrent: 300}\n"
    "faults:\n"
    "  - {at: 2min, kind: crash, nodes: {group: gpu, count: 10}, for: 1min}\n"
    "slo: [\"e2e_p95<5s\", \"refused<1%\", \"lost==0\"]\n"
    "```\n"
    "\n"
    "`lingua-sim check FILE` reads it and says what it amounts to; `lingua-sim check --dump FILE` prints it with every "
    "setting\n"
    "filled in; `lingua-sim schema` prints what follows here as one annotated YAML file, which is itself a scenario.\n"
    "A mistake is answered with its place, what was expected and the nearest valid name:\n"
    "\n"
    "```\n"
    "my.yaml:3:1: unknown key \"langauges\"; did you mean \"languages\"?\n"
    "my.yaml:5:32: count: \"250000\" is out of bounds: expected 1 .. 200000\n"
    "```\n"
    "\n"
    "## Variants\n"
    "\n"
    "`include: other.yaml`, or a list of files, lays a scenario over others: mappings are merged key by key, the last "
    "one "
    "given\n"
    "wins, lists and everything else are replaced as a whole. `--set PATH=VALUE` of `check` and `run` does the same "
    "for one "
    "value,\n"
    "read as YAML; a path is keys and, in lists, indexes from 0:\n"
    "\n"
    "```\n"
    "lingua-sim run scenarios/quickstart.yaml --set nodes.0.count=400 --set 'sessions.0.arrivals={bursts: {factor: "
    "8}}'\n"
    "```\n"
    "\n";

static const char markdown_sweeps[] =
    "## Sweeps\n"
    "\n"
    "`sweep` turns a scenario into many. Its keys are paths, as for `--set`, its values lists; a point takes one value "
    "from each.\n"
    "All combinations are run, in the order in which they are written (the last axis varies fastest), each `runs` "
    "times "
    "with\n"
    "successive seeds:\n"
    "\n"
    "```yaml\n"
    "sweep: {sessions.0.concurrent: [500, 1000, 2000], scheduler.placement: [random, best_of_2]}\n"
    "runs: 3\n"
    "```\n"
    "\n"
    "`lingua-sim sweep FILE` runs the points side by side and prints a line for each; `points.csv` has a row for each "
    "run, and\n"
    "`points/` the files of each. Run again, it goes on where it was interrupted. `lingua-sim run FILE` runs the "
    "scenario without\n"
    "its sweep. A point is what `run --set` of its values is, with the same hash. `check` reads every point.\n"
    "\n"
    "A few variants that are no product of lists are compared on the command line, side by side, with the same seeds:\n"
    "\n"
    "```\n"
    "lingua-sim run scenarios/quickstart.yaml --variant as_it_is --variant "
    "chance:scheduler.placement=random,scheduler.limit=no\n"
    "```\n"
    "\n";

static const char markdown_values[] =
    "## Quantities\n"
    "\n"
    "| written | is |\n"
    "|---|---|\n"
    "| `250ms` `15s` `2min` `1h30min` | a duration (`us ms s min h d`) |\n"
    "| `512B` `64KiB` `1.5MiB` `2GB` | a size (`KiB MiB GiB` are 1024s, `kB MB GB` 1000s) |\n"
    "| `5/s` `300/min` `2/h` | a rate |\n"
    "| `15%` `0.15` | a share, 0 to 1 |\n"
    "| `500` `10_000` `10k` `2M` | a count |\n"
    "| `5s` | where a distribution is expected: always that |\n"
    "| `{dist: uniform, min: 1s, max: 3s}` | evenly between the two |\n"
    "| `{dist: exponential, mean: 5min, min: 10s}` | exponential; `min` and `max` truncate it by drawing again |\n"
    "| `{dist: lognormal, mean: 5s, cv: 0.6, min: 300ms, max: 30s}` | lognormal; `cv` = standard deviation / mean, 1 "
    "when not "
    "given |\n"
    "| `{dist: gamma, mean: 10ms, cv: 0.3}` | gamma |\n"
    "\n"
    "## Objectives\n"
    "\n"
    "`slo` lists comparisons (`<` `<=` `>` `>=` `==` `!=`) of a figure with a value. Figures are `placement`, "
    "`dispatch`,\n"
    "`queue_wait`, `service` and `e2e`, each with `_mean`, `_p50`, `_p90`, `_p95`, `_p99`, `_p999` or `_max` "
    "(durations);\n"
    "`refused`, `failed`, `timed_out` (shares of what was submitted), `utilisation_mean`, `utilisation_max` (shares); "
    "`lost`,\n"
    "`doubled`, `retried`, `over_commits` (counts).\n"
    "\n"
    "## Languages and pairs\n"
    "\n"
    "Popularity is a share per language. A pair is asked for in proportion to the product of its two shares, and a "
    "node that\n"
    "draws its languages draws them by the same shares, each at most once: so what is asked for more is served by "
    "more. A node\n"
    "serves each pair whose source it recognises (`asr`) and repairs (`semantic`), and whose target it speaks (`tts`). "
    "Pairs\n"
    "that certainly nobody serves are warned about; when nobody serves any, the scenario is refused.\n"
    "\n"
    "## Hash\n"
    "\n"
    "The hash of a scenario is taken over its full dump: comments, the order of keys and defaults that are spelled out "
    "do not\n"
    "change it, every value does.\n"
    "\n"
    "## Files\n"
    "\n"
    "Tables are CSV files whose first line names the columns. A path counts from the folder of the file that names it. "
    "The "
    "dump of\n"
    "a scenario says a digest of each, so that the hash of the scenario changes when a file does; where a digest is "
    "given, "
    "another\n"
    "file is refused. A line that cannot be right is answered with `file:line`.\n"
    "\n";

static const char markdown_arrivals[] =
    "## Arrivals\n"
    "\n"
    "`arrivals` of a group of sessions says how they come over time. `poisson`: by chance, at a constant rate. "
    "`constant`: "
    "at even\n"
    "distances. `bursts`: a Poisson process that changes between a calm and a burst rate (MMPP). `diurnal`: a Poisson "
    "process whose\n"
    "rate follows the hour; a day may be compressed. Patterns shape the rate: its long-time mean stays what `rate` or "
    "`concurrent`\n"
    "says. `bursts` and `diurnal` without a mapping take the defaults below.\n"
    "\n"
    "`trace` replays a file. A line is a call: a session whose one utterance has just been said, so that its request "
    "leaves "
    "at the\n"
    "line's time, once. The first line comes at `join.at`, the others as much later as their times say; what falls "
    "behind "
    "the end of\n"
    "the run is left out, but checked. The length of the speech is `scale` times the size, or drawn from "
    "`talk.utterance`; "
    "the pair\n"
    "is that of the line, or drawn from `pairs`.\n"
    "\n"
    "```yaml\n"
    "sessions:\n"
    "  - {rate: 20/s, arrivals: {bursts: {factor: 8, calm: 50s, burst: 10s}}}\n"
    "  - {rate: 20/s, arrivals: {diurnal: {day: 10min, curve: {0: 0.2, 9: 1.5, 13: 1, 18: 1.8, 22: 0.5}}}}\n"
    "  - arrivals: {trace: {file: calls.csv, time: arrival_s, size: tokens, scale: 0.0390625}} # 128 tokens: 5 s\n"
    "```\n"
    "\n";

static const char markdown_faults[] =
    "## Faults\n"
    "\n"
    "`faults` lists what goes wrong and when: of nodes (`kind`, and who is hit: a share, a number, or names, of all "
    "nodes or "
    "of one\n"
    "group) or of Redis (`redis`). `for` says how long; without it a fault stays. Faults may overlap.\n"
    "\n"
    "```yaml\n"
    "faults:\n"
    "  - {at: 1min, kind: crash, nodes: {group: rack7, share: 50%}, for: 20s}\n"
    "  - {at: 2min, kind: missing_model, nodes: {count: 3}, service: nmt@2, targets: [de, fr], for: 30s}\n"
    "  - {at: 3min, redis: restart, data: lost, for: 5s}\n"
    "```\n"
    "\n";

void scenario_schema_text(FILE *out) {
    fputs(text_head, out);
    settings_schema_text(scenario_settings, out);
}

void scenario_schema_markdown(FILE *out) {
    fputs(markdown_head, out);
    fputs(markdown_sweeps, out);
    fputs(markdown_values, out);
    fputs("### Lengths from a column: `{file: clips.csv, column: seconds}`\n\n", out);
    dist_sample_markdown(out, 3);
    fputs("### Languages by weight: `popularity: {file: ...}`, `pairs: {product: {file: ...}}`\n\n", out);
    lang_table_markdown(out, 3);
    fputs("### Pairs by weight: `pairs: {matrix: {file: ...}}`\n\n", out);
    pair_table_markdown(out, 3);
    fputs(markdown_arrivals, out);
    arrivals_markdown(out, 3);
    fputs(markdown_faults, out);
    faults_markdown(out);
    fputs("## Keys\n\n", out);
    settings_schema_markdown(scenario_settings, out, 3);
}
