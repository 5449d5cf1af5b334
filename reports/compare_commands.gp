# compare_commands.gp - how much is asked of Redis for a job in each column, and how much of it are scripts?
#
# Reads    plots/columns.csv: a row per column, of which place, column, redis_commands_per_job and redis_script_calls_per_job with _low
#          and _high
# Writes   `out`. A bar per column, the scripts within it darker; the thin line is the 95 % interval, where there are several runs.
# Also set columns, commands (the greatest)

set xlabel "Redis commands per job"
set yrange [columns - 0.4:-0.6]
set xrange [0:commands * 1.15]
set ytics scale 0
set style fill solid 0.85 noborder
set tmargin 4
set title
set label 101 headline at screen 0.5, screen 1 center offset 0, character -1.2 font "sans-serif,16"
set key at screen 0.5, screen (1 - 40.0 / height) center top vertical maxrows 1 samplen 2
all = "redis_commands_per_job"
scripts = "redis_script_calls_per_job"
plot "plots/columns.csv" using (0):(column("place")):(0):(column(scripts)):(column("place") - 0.32):(column("place") + 0.32):ytic(stringcolumn("column")) \
        with boxxyerror lc rgb vermilion title "scripts", \
     "" using (0):(column("place")):(column(scripts)):(column(all)):(column("place") - 0.32):(column("place") + 0.32) \
        with boxxyerror lc rgb orange title "other commands", \
     "" using (column(all)):(column("place")):(column(all."_low")):(column(all."_high")) with xerrorbars pt 0 lw 1.6 lc rgb grey, \
     "" using (column(all."_high")):(column("place")):(sprintf("  %.1f", column(all))) with labels left font "sans-serif,12"
