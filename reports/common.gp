# common.gp - the one style of all figures; every figure is drawn by this file followed by its own.
#
# Set before it, by whoever draws (lingua-sim run does; by hand: gnuplot -e "..." common.gp FIGURE.gp inside the folder of a run):
#   out       file to write, SVG
#   name      short name of the figure; prefix of the ids in the SVG, so that several fit into one page
#   headline  title: what one sees, in a sentence
#   note      small print: scenario, seed, hash, version
#   duration, warmup   of the run, in seconds
#
# Colours are those of Okabe and Ito, which colour-blind readers tell apart; none is so light that it fades on paper or so dark
# that it drowns on a dark screen. Text and axes are drawn black, which the page replaces by its own colour of ink.

orange     = "#E69F00"
sky        = "#56B4E9"
green      = "#009E73"
blue       = "#0072B2"
vermilion  = "#D55E00"
purple     = "#CC79A7"
grey       = "#8A8A8A"

if (!exists("height")) height = 400
set terminal svg size 880,height dynamic font "sans-serif,14" linewidth 1.2 rounded noenhanced name name
set output out
set encoding utf8
set datafile separator ","

set border 3 lw 0.8
set tics nomirror out scale 0.5
set grid xtics ytics lc rgb "#998A8A8A" lw 0.5 dt 1
set style fill solid 1 noborder
set key noautotitle
set bmargin 5
set label 100 note at screen 0.99, screen 0.0 right offset 0, character 0.5 font "sans-serif,10" tc rgb grey
set title headline font "sans-serif,16" offset 0, character -0.3
