# capacity_use.gp - what is busy, and what has room, by load?
#
# Reads    plots/curve.csv: value (load), nodes_use_percent, redis_use_percent, scheduler_use_percent of the first seed
# Writes   `out`. A curve for each; the green band is the answer with its interval. The scheduler's share is of one processor: several
#          instances together may take more than 100 %.
# Also set unit; found (0 or 1), answer_low, answer_high

set xlabel unit
set ylabel "busy, % of the time"
set yrange [0:*]
set offsets graph 0.03, graph 0.03, graph 0.05, 0
set key outside right center vertical reverse Left samplen 2 font "sans-serif,13"
if (found) set object 1 rectangle from answer_low, graph 0 to answer_high, graph 1 behind fc rgb green fs transparent solid 0.22 noborder
curve(figure) = sprintf("'plots/curve.csv' using (column('value')):(column('%s'))", figure)
eval "plot 100 with lines lw 0.8 dt (6, 4) lc rgb grey notitle, ". \
     curve("nodes_use_percent")." with linespoints lw 2.8 pt 7 ps 0.6 lc rgb green title 'nodes', ". \
     curve("scheduler_use_percent")." with linespoints lw 1.8 pt 9 ps 0.8 lc rgb blue title 'scheduler', ". \
     curve("redis_use_percent")." with linespoints lw 1.8 pt 11 ps 0.8 lc rgb vermilion title 'Redis'"
