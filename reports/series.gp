# series.gp - what happened when: load, jobs, nodes and waiting times on one axis of simulated time.
#
# Reads    timeline.csv (columns by their names in its first line; a row per bin, drawn at its middle)
#          plots/faults.csv: begin_s, end_s, label; a row per fault
# Writes   `out`. Faults are shaded red over all panels, the warm-up grey.
# Also set bin (s), every_rows (take one row of so many)

set multiplot layout 4,1 margins 0.10, 0.98, 0.075, 0.92 spacing 0.0, 0.06 title headline font "sans-serif,16" offset 0, character -0.2
unset title
set xrange [0:duration]
set yrange [0:*]
set y2range [0:1]
set offsets 0, 0, graph 0.12, 0
set format x ""
set key at graph 1, graph 1.17 right top horizontal maxrows 1 samplen 2 width -2 font "sans-serif,12"
set tics font "sans-serif,12"

if (warmup > 0) set object 1 rectangle from 0, graph 0 to warmup, graph 1 behind fc rgb grey fs transparent solid 0.13 noborder
if (warmup > 0) set label 1 "warm-up" at warmup / 2.0, graph 0.93 center font "sans-serif,11" tc rgb grey
middle(t) = t + bin / 2.0
faults = "'plots/faults.csv' using (($1 + $2) / 2):(0.5):1:2:(0):(1) axes x1y2 with boxxyerror fs transparent solid 0.15 lc rgb vermilion"

unset label 100
set label 2 "per second" at graph 0, graph 1.07 left font "sans-serif,12"
plot @faults, \
     "plots/faults.csv" using 1:(0.86):3 axes x1y2 with labels left offset character 0.3, 0 font "sans-serif,11" tc rgb vermilion, \
     "timeline.csv" using (middle(column("t_s"))):(column("submitted") / bin) every every_rows with lines lw 1.5 lc rgb blue title "requests", \
     "" using (middle(column("t_s"))):(column("ok") / bin) every every_rows with lines lw 1.5 lc rgb green title "ended ok", \
     "" using (middle(column("t_s"))):((column("refused") + column("failed") + column("timed_out")) / bin) every every_rows with lines lw 1.5 lc rgb vermilion title "anything else"

unset label 1
set label 2 "jobs"
plot @faults, \
     "timeline.csv" using (middle(column("t_s"))):(column("in_flight")) every every_rows with lines lw 1.5 lc rgb blue title "in flight", \
     "" using (middle(column("t_s"))):"waiting" every every_rows with lines lw 1.5 lc rgb vermilion title "of these waiting for room"

set label 2 "slots"
plot @faults, \
     "timeline.csv" using (middle(column("t_s"))):"slots" every every_rows with lines lw 1.5 lc rgb grey title "of connected nodes", \
     "" using (middle(column("t_s"))):"busy_slots" every every_rows with lines lw 1.5 lc rgb green title "in use"

set label 2 "seconds from utterance to answer"
set label 100 note at screen 0.99, screen 0.0 right offset 0, character 0.5 font "sans-serif,10" tc rgb grey
set xlabel "simulated time, s" offset 0, character 0.4
set format x "%g"
plot @faults, \
     "timeline.csv" using (middle(column("t_s"))):(column("answered") > 0 ? column("e2e_max_ms") / 1000 : NaN) every every_rows with points pt 7 ps 0.25 lc rgb grey title "slowest", \
     "" using (middle(column("t_s"))):(column("answered") > 0 ? column("e2e_p95_ms") / 1000 : NaN) every every_rows with lines lw 1.5 lc rgb orange title "95 % within", \
     "" using (middle(column("t_s"))):(column("answered") > 0 ? column("e2e_p50_ms") / 1000 : NaN) every every_rows with lines lw 1.5 lc rgb blue title "50 % within"
unset multiplot
