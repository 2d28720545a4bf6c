# SPDX-License-Identifier: BSD-3-Clause
eval "set terminal svg size 960,800 ".terminal
set multiplot layout 2,2 title "A range of bytes" font ",16"
set logscale y
set xtics font ",12"
set xrange [-0.3:*]
set yrange [1:1000000]
eval nanoseconds
do for [layout in "direct holes"] {
	do for [access in "read write"] {
		set title access.", ".(layout eq "holes" ? "across holes" : layout)
		plot "range-".access."-".layout using 0:2:xtic(1) with linespoints linetype 1 title "ours", \
			"" using 0:3 with linespoints linetype 3 title "floor", \
			"" using 0:4 with linespoints linetype 2 title "8 bytes each"
	}
}
unset multiplot
