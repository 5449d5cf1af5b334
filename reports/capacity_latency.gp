# capacity_latency.gp - how long do answers take, by load; where is the knee, and where does the objective end?
#
# Reads    plots/curve.csv: value (load), e2e_p50_ms, e2e_p95_ms, e2e_p99_ms of the first seed; plots/runs.csv: the same of all
# Writes   `out`. A curve for each percentile, dots for the other seeds. The green band is the answer with its interval, the dashed line
#          the objective. The vertical axis is logarithmic.
# Also set unit; found (0 or 1), answer, answer_low, answer_high; knee (0: none); objective (ms; 0: none), objective_text

set xlabel unit
set ylabel "end to end, ms"
set logscale y
set offsets graph 0.03, graph 0.03, 0, 0
set decimal locale "C"
set ytics ("1" 1, "2" 2, "5" 5, "10" 10, "20" 20, "50" 50, "100" 100, "200" 200, "500" 500, "1,000" 1000, "2,000" 2000, "5,000" 5000, "10,000" 10000, "20,000" 20000, "50,000" 50000, "100,000" 100000, "200,000" 200000, "500,000" 500000)
set key outside right center vertical reverse Left samplen 2 font "sans-serif,13"

stats "plots/runs.csv" using (column("e2e_p99_ms")) nooutput name "far"
stats "plots/runs.csv" using (column("e2e_p50_ms")) nooutput name "near"
stats "plots/runs.csv" using (column("value")) nooutput name "load"
top = (objective > far_max ? objective : far_max) * 1.35
bottom = near_min / 1.6
set yrange [bottom:top]

middle = (answer_low + answer_high) / 2.0
answer_text = (answer_high - answer_low < 0.5 ? sprintf("%d", answer) : sprintf("%d (%.0f to %.0f)", answer, answer_low, answer_high))
if (found) {
    set object 1 rectangle from answer_low, graph 0 to answer_high, graph 1 behind fc rgb green fs transparent solid 0.22 noborder
    set arrow 1 from middle, graph 0 to middle, graph 1 nohead lc rgb green lw 1.4 back
    # Beside the band, or in it where there is no room at its left.
    if (answer_low - load_min > 0.2 * (load_max - load_min)) {
        set label 1 answer_text at answer_low, graph 0.06 right offset character -0.6, 0 font "sans-serif,14" tc rgb green
    } else {
        set label 1 answer_text at graph 0.01, graph 0.06 left font "sans-serif,14" tc rgb green front
    }
}
if (objective > 0) {
    set arrow 2 from graph 0, first objective to graph 1, first objective nohead lc rgb vermilion lw 1.2 dt (6, 4) back
    set label 2 objective_text at graph 0.01, first objective left offset 0, character 0.6 font "sans-serif,12" tc rgb vermilion
}
if (knee > 0) {
    set arrow 3 from knee, graph 0.17 to knee, graph 0.12 lc rgb grey lw 1.2 head filled size character 0.8, 20
    set label 3 "knee" at knee, graph 0.2 center font "sans-serif,12" tc rgb grey
}
dots(figure, colour) = sprintf("'plots/runs.csv' using (column('value')):(column('%s')) with points pt 7 ps 0.35 lc rgb '%s' notitle", figure, colour)
curve(figure) = sprintf("'plots/curve.csv' using (column('value')):(column('%s'))", figure)
eval "plot ".dots("e2e_p99_ms", vermilion).", ".dots("e2e_p95_ms", orange).", ".dots("e2e_p50_ms", blue).", ". \
     curve("e2e_p99_ms")." with linespoints lw 1.8 pt 11 ps 0.8 lc rgb vermilion title '99 % within', ". \
     curve("e2e_p95_ms")." with linespoints lw 2.8 pt 9 ps 0.8 lc rgb orange title '95 % within', ". \
     curve("e2e_p50_ms")." with linespoints lw 1.8 pt 7 ps 0.6 lc rgb blue title '50 % within'"
