# SPDX-License-Identifier: BSD-3-Clause
set title "Heap that a span of 1 TiB takes, and sets of its direct pages"
set logscale xy
set xrange [0.8:100000]
set yrange [100:1e8]
set key inside bottom right
set xlabel "areas"
eval areas
set ytics ('128 B' 128, '1 KiB' 1024, '8 KiB' 2**13, '64 KiB' 2**16, '512 KiB' 2**19, '4 MiB' 2**22, '32 MiB' 2**25)
plot "memory" using 1:2 with linespoints linetype 1 title "ours", \
	"" using 1:3 with linespoints linetype 3 title "bitmap of pages", \
	"" using 1:4 with linespoints linetype 4 title "CRoaring", \
	"" using 1:5 with linespoints linetype 5 title "Judy"
