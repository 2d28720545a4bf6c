# SPDX-License-Identifier: BSD-3-Clause
set title "Aligned accesses to direct extents: time over that of the bare load or store"
set style data histograms
set style histogram clustered gap 1
set style fill solid noborder
set yrange [0:*]
set xtics rotate by 35 right
set bmargin 9
plot "direct" using 2:xtic(1) linetype 1 linewidth 1 title "ours", \
	"" using 3 linetype 2 linewidth 1 title "scan", \
	1 with lines linetype 6 title "floor"
