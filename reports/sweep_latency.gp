# sweep_latency.gp - how long do answers take, by load, and in which setting do they begin to take longer last?
#
# Reads    plots/sweep.csv: load, then mean, low, high of p50, p95 and p99 of end to end; a block for each curve
# Writes   `out`. Of one curve all three percentiles, of several the p95 of each; bars are 95 % intervals, where there are three runs or
#          more. The vertical axis is logarithmic.
# Also set unit, curves, names (array)

set xlabel unit
set ylabel "end to end, ms"
set logscale y
set offsets graph 0.03, graph 0.03, 0, 0
set bars small
set decimal locale "C"
set ytics ("1" 1, "2" 2, "5" 5, "10" 10, "20" 20, "50" 50, "100" 100, "200" 200, "500" 500, "1,000" 1000, "2,000" 2000, "3,000" 3000, "5,000" 5000, "10,000" 10000, "20,000" 20000, "50,000" 50000, "100,000" 100000, "200,000" 200000, "500,000" 500000)
set key outside right center vertical reverse Left samplen 2 font "sans-serif,13"
array colours[8]
colours[1] = blue; colours[2] = vermilion; colours[3] = green; colours[4] = orange
colours[5] = purple; colours[6] = sky; colours[7] = grey; colours[8] = "#6A4C93"
array marks[8] = [7, 9, 5, 11, 13, 6, 8, 4]
stats "plots/sweep.csv" using (curves == 1 ? $8 : $5) nooutput name "far"
stats "plots/sweep.csv" using (curves == 1 ? $2 : $5) nooutput name "near"
set yrange [near_min / 1.3:far_max * 1.3]
if (curves == 1) {
    plot "plots/sweep.csv" using 1:8:9:10 with yerrorlines lw 1.8 pt 11 ps 0.8 lc rgb vermilion title "99 % within", \
         "" using 1:5:6:7 with yerrorlines lw 2.8 pt 9 ps 0.8 lc rgb orange title "95 % within", \
         "" using 1:2:3:4 with yerrorlines lw 1.8 pt 7 ps 0.6 lc rgb blue title "50 % within"
} else {
    set ylabel "95 % within, ms"
    plot for [i = 1:curves] "plots/sweep.csv" index i - 1 using 1:5:6:7 with yerrorlines lw 2 pt marks[i] ps 0.8 lc rgb colours[i] title names[i]
}
