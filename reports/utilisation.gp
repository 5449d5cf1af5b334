# utilisation.gp - is the work spread evenly over the nodes?
#
# Reads    plots/nodes.csv: rank (busiest first), share of slot time in use in percent; a row per node, thinned when there are many
# Writes   `out`. A flat line is an even load; a cliff on the right are nodes that hardly anybody needs.
# Also set mean (percent), nodes (number of nodes that came)

set xlabel "nodes, the busiest first"
set ylabel "slot time in use, %"
set xrange [0:nodes]
set yrange [0:100]
set key inside top right samplen 2
plot "plots/nodes.csv" using 1:2 with filledcurves y1=0 fs transparent solid 0.35 lc rgb green, \
     "" using 1:2 with lines lw 2 lc rgb green title "each node", \
     mean with lines lw 2 dt 2 lc rgb vermilion title sprintf("all nodes together: %.1f %%", mean)
