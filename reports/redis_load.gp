# redis_load.gp - how much the scheduler asks of Redis over time.
#
# Reads    timeline.csv (columns by their names in its first line; a row per bin, drawn at its middle)
# Writes   `out`. The start is steep where nodes join: one call per node and language pair.
# Also set bin (s), every_rows (take one row of so many)

set xlabel "simulated time, s"
set ylabel "commands per second"
set y2label "KiB per second"
set xrange [0:duration]
set yrange [0:*]
set y2range [0:*]
set y2tics
set ytics nomirror
set rmargin 9
set key inside bottom right samplen 2
if (warmup > 0) set object 1 rectangle from 0, graph 0 to warmup, graph 1 behind fc rgb grey fs transparent solid 0.13 noborder
middle(t) = t + bin / 2.0
plot "timeline.csv" using (middle(column("t_s"))):(column("redis_commands_per_s")) every every_rows with lines lw 2 lc rgb blue title "commands", \
     "" using (middle(column("t_s"))):(column("redis_bytes_per_s") / 1024) every every_rows axes x1y2 with lines lw 1.5 dt 2 lc rgb orange title "KiB, right axis"
