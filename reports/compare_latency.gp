# compare_latency.gp - in which column are answers, and placements, fast, and how bad are their tails?
#
# Reads    plots/columns.csv: a row per column, of which place (top is 0), column, and mean, low, high of the figures named below
# Writes   `out`. Two panels, each with p50, p95, p99 and p99.9 of each column; bars are 95 % intervals, where there are several runs.
#          The axes are logarithmic: what is less than 0.1 ms is drawn at 0.1 ms.
# Also set columns; e2e_decades and placement_decades, how many powers of ten they take

set multiplot layout 1,2 margins char 16, char 3, char 5, char 4.2 spacing char 7
set title
set label 101 headline at screen 0.5, screen 1 center offset 0, character -1.2 font "sans-serif,16"
set style line 1 lc rgb sky       pt 7 ps 0.9 lw 1.4
set style line 2 lc rgb blue      pt 5 ps 0.8 lw 1.4
set style line 3 lc rgb orange    pt 9 ps 1.0 lw 1.4
set style line 4 lc rgb vermilion pt 11 ps 1.0 lw 1.4
set yrange [columns - 0.5:-0.5]
set logscale x
set offsets 0, 0, 0, 0
set bars small

least(x) = x < 0.1 ? 0.1 : x
dots(figure, mark) = sprintf("'plots/columns.csv' using (least(column('%s'))):(column('place')):(least(column('%s_low'))):(least(column('%s_high'))) with xerrorbars ls %d title '%s'", \
    figure, figure, figure, mark, word("p50 p95 p99 p99.9", mark))
four(name) = dots(name."_p50_ms", 1).", ".dots(name."_p95_ms", 2).", ".dots(name."_p99_ms", 3).", ".dots(name."_p999_ms", 4)

set key at screen 0.5, screen (1 - 40.0 / height) center top vertical maxrows 1 samplen 1.5
# Between powers of ten there is room for more numbers only where there are one or two of them.
finer = "do for [power=-1:6] { set xtics add (sprintf('%g', 2 * 10.0**power) 2 * 10.0**power, sprintf('%g', 5 * 10.0**power) 5 * 10.0**power) }"
if (e2e_decades < 1.3) { eval finer }
# And where there are many, only for short ones.
shorter = "set xtics add ('10k' 1e4, '100k' 1e5, '1M' 1e6)"
if (e2e_decades > 4.5) { eval shorter }
set xlabel "end to end, ms"
set ytics scale 0
eval "plot ".four("e2e").", '' using (least(column('e2e_p50_ms'))):(column('place')):ytic(stringcolumn('column')) with points ps 0"
unset label 100
unset label 101
unset key
set xtics auto
if (placement_decades < 1.3) { eval finer }
if (placement_decades > 4.5) { eval shorter }
set xlabel "placement, ms"
eval "plot ".four("placement").", '' using (least(column('placement_p50_ms'))):(column('place')):ytic('') with points ps 0"
unset multiplot
