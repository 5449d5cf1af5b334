# validation.gp - does the simulator say what a real clock says, at every load?
#
# Reads    plots/validation.csv: a row per load: load in % of the slots; p50, p95, p99 of end to end, ms: simulated, measured, daemon
# Writes   `out`. Lines are simulated; filled marks were measured in real time on an ordinary Redis; open ones of a running linguad.
# Also set daemon: 1 when there are such

set xlabel "slots in use, %"
set ylabel "end to end, ms"
set logscale y
set key outside right top vertical samplen 2 spacing 1.2
set style line 1 lc rgb blue      lw 2 pt 5 ps 1.0
set style line 2 lc rgb orange    lw 2 pt 9 ps 1.2
set style line 3 lc rgb vermilion lw 2 pt 7 ps 1.0
set xrange [0:*] # a single load has no range of its own
set offsets 0, graph 0.04, 0, 0

file = "plots/validation.csv"
lines(p, n) = sprintf("file using 'load':'simulated_%s' with lines ls %d title '%s simulated'", p, n, p)
marks(p, n) = sprintf("file using 'load':'measured_%s' with points ls %d title '%s measured'", p, n, p)
opens(p, n) = sprintf("file using 'load':'daemon_%s' with points ls %d pt %d ps 1.6 title '%s linguad'", p, n, int(word("4 8 6", n)), p)
all = lines("p99", 3).", ".marks("p99", 3).", ".lines("p95", 2).", ".marks("p95", 2).", ".lines("p50", 1).", ".marks("p50", 1)
if (daemon) { all = all.", ".opens("p99", 3).", ".opens("p95", 2).", ".opens("p50", 1) }
eval "plot ".all
