# SPDX-License-Identifier: BSD-3-Clause
# What all plots have in common. The background is there for pages that are dark.
set encoding utf8
terminal = "dynamic noenhanced font 'DejaVu Sans,14' background '#ffffff'"
eval "set terminal svg size 960,460 ".terminal
set datafile separator tab
set datafile missing "?"

# Ours, then the others.
set linetype 1 linecolor "#0f766e" linewidth 3 pointtype 7 pointsize 0.7
set linetype 2 linecolor "#b45309" linewidth 2 pointtype 5 pointsize 0.6
set linetype 3 linecolor "#475569" linewidth 2 pointtype 9 pointsize 0.7
set linetype 4 linecolor "#7c3aed" linewidth 2 pointtype 11 pointsize 0.7
set linetype 5 linecolor "#be185d" linewidth 2 pointtype 13 pointsize 0.8
set linetype 6 linecolor "#0f172a" linewidth 1.5 dashtype 2 pointtype 0
set linetype 9 linecolor "#e2e8f0" linewidth 1

set border 3 linecolor "#475569"
set tics nomirror out textcolor "#0f172a"
set grid ytics linetype 9
set key inside top left Left reverse samplen 2.5 textcolor "#0f172a"
set title font ",15"

set format y "%g"
nanoseconds = "set ytics ('1 ns' 1, '10 ns' 10, '100 ns' 100, '1 µs' 1e3, '10 µs' 1e4, '100 µs' 1e5, '1 ms' 1e6, \
	'10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9)"
areas = "set xtics font ',12' ('1' 1, '16' 16, '256' 256, '1024' 1024, '4096' 4096, '16384' 16384, '65536' 65536)"
