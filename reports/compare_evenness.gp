# compare_evenness.gp - does one node get more than its share, over the run or until its next heartbeat?
#
# Reads    plots/columns.csv: a row per column, of which place, column, and mean, low, high of herd_share_percent and
#          top1_share_percent
# Writes   `out`. The dashed line is what one node has when all have the same.
# Also set columns, even (percent)

set xlabel "jobs on the node that has most of them, %"
set yrange [columns - 0.4:-0.6]
set xrange [0:*]
set offsets 0, graph 0.08, 0, 0
set ytics scale 0
set bars small
set tmargin 4
set title
set label 101 headline at screen 0.5, screen 1 center offset 0, character -1.2 font "sans-serif,16"
set key at screen 0.5, screen (1 - 40.0 / height) center top vertical maxrows 1 samplen 2 width -3
set arrow 1 from first even, graph 0 to first even, graph 1 nohead dt 2 lw 1.2 lc rgb grey
plot "plots/columns.csv" using (column("herd_share_percent")):(column("place") - 0.12):(column("herd_share_percent_low")):(column("herd_share_percent_high")):ytic("") \
        with xerrorbars pt 7 ps 1.3 lw 1.6 lc rgb vermilion title "until its next heartbeat", \
     "" using (column("top1_share_percent")):(column("place") + 0.12):(column("top1_share_percent_low")):(column("top1_share_percent_high")) \
        with xerrorbars pt 5 ps 1.1 lw 1.6 lc rgb blue title "over the run", \
     "" using (column("top1_share_percent")):(column("place")):ytic(stringcolumn("column")) with points ps 0, \
     1 / 0 with lines dt 2 lw 1.2 lc rgb grey title "even"
