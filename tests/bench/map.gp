# SPDX-License-Identifier: BSD-3-Clause
set multiplot layout 1,2 title "Map and unmap" font ",16"
set logscale xy
set xrange [0.8:25000]
set yrange [1000:1e9]
set xlabel "areas"
eval nanoseconds
eval areas
do for [layout in "adjacent apart"] {
	set title "areas ".layout
	plot "map-".layout using 1:2 with linespoints linetype 1 title "ours", \
		"" using 1:3 with linespoints linetype 3 title "bare calls", \
		"" using 1:4 with linespoints linetype 2 title "area by area"
}
unset multiplot
