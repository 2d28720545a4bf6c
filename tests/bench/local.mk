# SPDX-License-Identifier: BSD-3-Clause

# `make bench` measures times.
if TOOL
check_PROGRAMS += tests/bench/barspan-bench
tests_bench_barspan_bench_SOURCES = \
	tests/bench/bar.c \
	tests/bench/bar.h \
	tests/bench/bench.c \
	tests/bench/bench.h \
	tests/bench/bench-run.h \
	tests/bench/case-direct.c \
	tests/bench/case-map.c \
	tests/bench/case-memory.c \
	tests/bench/case-pointer.c \
	tests/bench/case-query.c \
	tests/bench/case-range.c \
	tests/bench/case-suspend.c \
	tests/bench/case-trap.c \
	tests/bench/case-trapped.c \
	tests/bench/main.c \
	tests/bench/pages.c \
	tests/bench/pages.h \
	tests/bench/pattern.c \
	tests/bench/pattern.h
tests_bench_barspan_bench_CPPFLAGS = -I$(top_srcdir)/include $(BENCH_CPPFLAGS)
tests_bench_barspan_bench_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER) $(JANSSON_CFLAGS)
tests_bench_barspan_bench_LDFLAGS = $(SANITIZER)
tests_bench_barspan_bench_LDADD = libbarspan-trap.la libbarspan.la $(JANSSON_LIBS) $(BENCH_LIBS)

# Example: BENCH_FLAGS='--json FILE query'
bench: all tests/bench/barspan-bench$(EXEEXT)
	tests/bench/barspan-bench$(EXEEXT) $(BENCH_FLAGS)

TESTS += tests/bench/smoke.sh
endif
.PHONY: bench
EXTRA_DIST += tests/bench/smoke.sh

# `make check` counts instructions.
if CALLGRIND
if !SANITIZED
check_PROGRAMS += tests/bench/hot-paths
tests_bench_hot_paths_SOURCES = tests/bench/hot-paths.c tests/bench/pages.c tests/bench/pages.h
tests_bench_hot_paths_CPPFLAGS = -I$(top_srcdir)/include
tests_bench_hot_paths_CFLAGS = -std=gnu11 $(WARNINGS)
tests_bench_hot_paths_LDFLAGS =
tests_bench_hot_paths_LDADD = lib/libcore.la
TESTS += tests/bench/count.sh
# The bounds hold for these flags, whatever CFLAGS are.
tests/bench/hot_paths-hot-paths.$(OBJEXT): override CFLAGS = -g -O2
endif
endif
EXTRA_DIST += tests/bench/count.sh
