# capacity_usl.gp - what does more of it bring? Throughput by load, and the law that is fitted to it.
#
# Reads    plots/runs.csv: value, throughput; a row per run
# Writes   `out`. Dots are runs. The line is lambda n / (1 + sigma (n - 1) + kappa n (n - 1)); the dashed one is lambda n, what it would be
#          if nothing were shared.
# Also set unit, throughput (label), lambda, sigma, kappa

set xlabel unit
set ylabel throughput
set format x "%'.0f"
set key outside right center vertical reverse Left samplen 2 font "sans-serif,13"
stats "plots/runs.csv" using (column("value")):(column("throughput")) nooutput name "runs"
end = 1.15 * runs_max_x
set xrange [0:end]
set yrange [0:1.2 * runs_max_y]
law(n) = lambda * n / (1 + sigma * (n - 1) + kappa * n * (n - 1))
set samples 400
plot lambda * x with lines lw 1.2 dt (6, 4) lc rgb grey title "in proportion", \
     law(x) with lines lw 2.2 lc rgb blue title "the law, fitted", \
     "plots/runs.csv" using (column("value")):(column("throughput")) with points pt 7 ps 0.6 lc rgb orange title "runs"
