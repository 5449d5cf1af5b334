# jobs_per_node.gp - does every node get its share of the jobs?
#
# Reads    plots/jobs.csv: rank (most jobs first), jobs of the node after the warm-up; a row per node, thinned when there are many
# Writes   `out`. The dashed line is what each node would have if all had the same.
# Also set mean_jobs, nodes (number of nodes that came)

set xlabel "nodes, the one with most jobs first"
set ylabel "jobs"
set xrange [0:nodes]
set yrange [0:*]
set offsets 0, 0, graph 0.22, 0
set key inside top right horizontal samplen 2
plot "plots/jobs.csv" using 1:2 with filledcurves y1=0 fs transparent solid 0.35 lc rgb sky, \
     "" using 1:2 with lines lw 2 lc rgb blue title "each node", \
     mean_jobs with lines lw 2 dt 2 lc rgb vermilion title sprintf("even share: %.1f", mean_jobs)
