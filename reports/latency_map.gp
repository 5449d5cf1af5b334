# latency_map.gp - how long did answers take when: steady, climbing, or in two bands?
#
# Reads    plots/latency.csv: t_s, row, percent of the answers of that time or NaN (none); the middle of each cell. A row is a part of a
#          doubling of the time that an answer took, from 1 ms on
#          timeline.csv: t_s, answered, e2e_p95_ms; plots/faults.csv: begin_s
# Writes   `out`. Columns are time, brighter is more of the answers. Red lines are faults that begin.
# Also set lowest_row, highest_row (drawn rows), per_doubling (rows), bin (s), every_rows (of the timeline)

at(ms) = per_doubling * log(ms) / log(2)
set xlabel "simulated time, s"
set ylabel "end to end"
set xrange [0:duration]
set yrange [lowest_row - 1:highest_row + 1]
set ytics ("1 ms" at(1), "2 ms" at(2), "5 ms" at(5), "10 ms" at(10), "20 ms" at(20), "50 ms" at(50), "100 ms" at(100), "200 ms" at(200), \
    "500 ms" at(500), "1 s" at(1000), "2 s" at(2000), "5 s" at(5000), "10 s" at(10000), "20 s" at(20000), "50 s" at(50000), "100 s" at(100000), \
    "200 s" at(200000), "500 s" at(500000))
set cblabel "of the answers, %"
set cbrange [0:*]
unset grid
set key inside top right samplen 2
set palette defined (0 "#00224E", 1 "#123570", 2 "#3B496C", 3 "#575D6D", 4 "#707173", 5 "#8A8678", 6 "#A59C74", 7 "#C3B369", 8 "#E1CC55", 9 "#FEE838")
plot "plots/latency.csv" using 1:2:3 with image, \
     "plots/faults.csv" using 1:(lowest_row - 1):(0):(highest_row - lowest_row + 2) with vectors nohead lw 1.2 dt (4, 3) lc rgb vermilion, \
     "timeline.csv" using (column("t_s") + bin / 2.0):(column("answered") > 0 ? at(column("e2e_p95_ms")) : NaN) every every_rows with lines lw 1.8 lc rgb orange title "95 % within"
