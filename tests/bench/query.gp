# SPDX-License-Identifier: BSD-3-Clause
set multiplot layout 1,2 title "barspan_is_direct(), BAR of 1 GiB" font ",16"
set logscale xy
set xrange [0.8:100000]
set yrange [0.4:50000]
set xlabel "areas"
eval nanoseconds
set xtics font ',12' ('1' 1, '16' 16, '256' 256, '1024' 1024, '4096' 4096, '65536' 65536)
do for [order in "sequential random"] {
	set title order." offsets"
	plot "query-".order using 1:2 with linespoints linetype 1 title "ours", \
		"" using 1:3 with linespoints linetype 2 title "scan", \
		"" using 1:4 with linespoints linetype 3 title "bisect", \
		"" using 1:5 with linespoints linetype 4 title "CRoaring", \
		"" using 1:6 with linespoints linetype 5 title "Judy", \
		"" using 1:7 with lines linetype 6 title "one load"
}
unset multiplot
