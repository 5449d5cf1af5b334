# compare_cost.gp - what does a job cost in each column, and how many could be decided on in a second?
#
# Reads    plots/columns.csv: a row per column, of which place, column, redis_busy_us_per_job, scheduler_cpu_us_per_job, and
#          `capacity`, the words behind the bar
# Writes   `out`. A bar per column: CPU of Redis and of the scheduler, one behind the other.
# Also set columns, dearest (us per job)

set xlabel "CPU per job, microseconds"
set yrange [columns - 0.4:-0.6]
set xrange [0:dearest * 1.55]
set ytics scale 0
set style fill solid 0.85 noborder
set tmargin 4
set title
set label 101 headline at screen 0.5, screen 1 center offset 0, character -1.2 font "sans-serif,16"
set key at screen 0.5, screen (1 - 40.0 / height) center top vertical maxrows 1 samplen 2
redis = "redis_busy_us_per_job"
scheduler = "scheduler_cpu_us_per_job"
plot "plots/columns.csv" using (0):(column("place")):(0):(column(redis)):(column("place") - 0.32):(column("place") + 0.32):ytic(stringcolumn("column")) \
        with boxxyerror lc rgb vermilion title "Redis", \
     "" using (0):(column("place")):(column(redis)):(column(redis) + column(scheduler)):(column("place") - 0.32):(column("place") + 0.32) \
        with boxxyerror lc rgb blue title "scheduler", \
     "" using (column(redis) + column(scheduler)):(column("place")):(sprintf("  %s", stringcolumn("capacity"))) with labels left font "sans-serif,12"
