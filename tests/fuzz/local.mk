# SPDX-License-Identifier: BSD-3-Clause

# `make check` runs the seeds and a fixed sequence of mutations.
FUZZ_TESTS = tests/fuzz/fuzz-capability tests/fuzz/fuzz-layout
check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)

tests_fuzz_fuzz_capability_SOURCES = \
	tests/fuzz/fuzz-capability.c \
	tests/fuzz/fuzz.h \
	tests/fuzz/driver.c
tests_fuzz_fuzz_capability_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/lib \
	-DFUZZ_CORPUS='"tests/fuzz/corpus/capability"'
tests_fuzz_fuzz_capability_LDFLAGS = $(SANITIZER)
tests_fuzz_fuzz_capability_LDADD = lib/libcore.la

tests_fuzz_fuzz_layout_SOURCES = tests/fuzz/fuzz-layout.c tests/fuzz/fuzz.h tests/fuzz/driver.c
tests_fuzz_fuzz_layout_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/lib -I$(top_srcdir)/tests \
	-DFUZZ_CORPUS='"tests/fuzz/corpus/layout"'
tests_fuzz_fuzz_layout_LDFLAGS = $(SANITIZER)
tests_fuzz_fuzz_layout_LDADD = lib/libcore.la

EXTRA_DIST += tests/fuzz/corpus.sh tests/fuzz/run.sh
CLEANFILES += \
	tests/fuzz/corpus/*/* \
	tests/fuzz/corpus/stamp \
	tests/fuzz/found/*/* \
	tests/fuzz/libfuzzer-*

check_DATA = tests/fuzz/corpus/stamp
tests/fuzz/corpus/stamp: tests/fuzz/corpus.sh
	$(AM_V_GEN)$(SHELL) $(srcdir)/tests/fuzz/corpus.sh tests/fuzz/corpus && touch $@

# Each target runs under clang's libFuzzer for FUZZ_SECONDS.
FUZZ_SECONDS = 30
fuzz:
	$(SHELL) $(srcdir)/tests/fuzz/run.sh $(srcdir) capability $(FUZZ_SECONDS)
	$(SHELL) $(srcdir)/tests/fuzz/run.sh $(srcdir) layout $(FUZZ_SECONDS)
.PHONY: fuzz
