# latency_cdf.gp - how long do jobs wait where, and how bad is the tail?
#
# Reads    hist/{end_to_end,service,dispatch,queue_wait,placement}.hgrm, as HdrHistogram tools write them:
#          value in ms, share of jobs up to it, number of jobs up to it, 1 / (1 - share)
# Also set slowest (ms), most (jobs; both are ends of the axes), queue_wait_max (ms)
# Writes   `out`. The vertical axis stretches towards 100 %, so that the tail takes as much room as the body: each labelled step
#          is a tenth of the jobs before it. A curve further right is slower. What took less than 0.1 ms stands at 0.1 ms.

set datafile separator whitespace
set xlabel "time, ms"
set ylabel "share of jobs that took no longer"
set logscale x
set logscale y
set yrange [1:most]
set xrange [0.1:slowest]
set ytics ("0 %%" 1, "50 %%" 2, "90 %%" 10, "99 %%" 100, "99.9 %%" 1000, "99.99 %%" 10000, "99.999 %%" 100000)
set xtics ("0.1" 0.1, "1" 1, "10" 10, "100" 100, "1,000" 1000, "10,000" 10000, "100,000" 100000, "1,000,000" 1000000)
set key outside right center vertical reverse Left samplen 2 font "sans-serif,13"

queue_wait = queue_wait_max < 0.1 ? "queue wait (none)" : "queue wait"
at_least(x) = x < 0.1 ? 0.1 : x
plot "hist/placement.hgrm"  using (at_least($1)):4 with lines lw 2 lc rgb purple title "placement", \
     "hist/dispatch.hgrm"   using (at_least($1)):4 with lines lw 2 lc rgb orange title "dispatch", \
     "hist/queue_wait.hgrm" using (at_least($1)):4 with lines lw 2 lc rgb sky title queue_wait, \
     "hist/service.hgrm"    using (at_least($1)):4 with lines lw 2 lc rgb green title "service", \
     "hist/end_to_end.hgrm" using (at_least($1)):4 with lines lw 3.5 lc rgb vermilion title "end to end"
