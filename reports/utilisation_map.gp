# utilisation_map.gp - which nodes are busy when: hot spots, silent nodes, what a fault did to the others.
#
# Reads    plots/map.csv: t_s, node number, share of slots in use in percent or NaN (not connected); the middle of each cell
# Writes   `out`. Rows are nodes in the order of the scenario, columns are time. Not connected is left empty.
# Also set nodes (number of nodes), per_row (nodes in one row)

set xlabel "simulated time, s"
set ylabel per_row > 1 ? sprintf("nodes, %d in a row", per_row) : "nodes"
set xrange [0:duration]
set yrange [0:nodes]
set cbrange [0:100]
set cblabel "slots in use, %"
unset grid
set palette defined (0 "#00224E", 1 "#123570", 2 "#3B496C", 3 "#575D6D", 4 "#707173", 5 "#8A8678", 6 "#A59C74", 7 "#C3B369", 8 "#E1CC55", 9 "#FEE838")
plot "plots/map.csv" using 1:2:3 with image
