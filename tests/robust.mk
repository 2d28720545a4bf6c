# SPDX-License-Identifier: BSD-3-Clause

# Tests across modules.
if HAVE_CHECK
ROBUST_TESTS = \
	tests/robust/test-callbacks \
	tests/robust/test-callbacks-threads \
	tests/robust/test-sharing \
	tests/robust/test-surroundings \
	tests/robust/test-takeover \
	tests/robust/test-takeover-parts \
	tests/robust/test-fault \
	tests/robust/test-gap \
	tests/robust/test-memory \
	tests/robust/test-property \
	tests/robust/test-race \
	tests/robust/test-shapes \
	tests/robust/soak

check_PROGRAMS += $(ROBUST_TESTS)
TESTS += $(ROBUST_TESTS)

# valgrind supports fewer mappings, and the sanitizers' allocators end the
# program at the limit.
if !SANITIZED
check_PROGRAMS += tests/robust/test-limit
TESTS += tests/robust/test-limit
endif

tests_robust_test_fault_SOURCES = \
	tests/robust/test-fault.c \
	tests/support/scenario.c tests/support/scenario.h \
	tests/support/fixture.c tests/support/fixture.h
tests_robust_test_surroundings_CPPFLAGS = $(AM_CPPFLAGS) \
	-DSHARED_LIBRARY='"$(abs_top_builddir)/.libs/libbarspan-trap.so.0"'
tests_robust_test_callbacks_SOURCES = \
	tests/robust/test-callbacks.c \
	tests/support/callback-fixture.c tests/support/callback-fixture.h
tests_robust_test_callbacks_threads_SOURCES = \
	tests/robust/test-callbacks-threads.c \
	tests/support/callback-fixture.c tests/support/callback-fixture.h
tests_robust_test_takeover_SOURCES = \
	tests/robust/test-takeover.c \
	tests/support/takeover-fixture.c tests/support/takeover-fixture.h
tests_robust_test_takeover_parts_SOURCES = \
	tests/robust/test-takeover-parts.c \
	tests/support/takeover-fixture.c tests/support/takeover-fixture.h
tests_robust_test_property_SOURCES = \
	tests/robust/test-property.c \
	tests/support/trial.c tests/support/trial.h
tests_robust_test_gap_SOURCES = \
	tests/robust/test-gap.c \
	tests/support/fixture.c tests/support/fixture.h
tests_robust_soak_SOURCES = \
	tests/robust/soak.c tests/robust/soak.h \
	tests/robust/soak-access.c \
	tests/robust/soak-cancel.c \
	tests/robust/soak-check.c \
	tests/robust/soak-device.c \
	tests/robust/soak-episode.c \
	tests/robust/soak-kernel.c \
	tests/robust/soak-maps.c \
	tests/robust/soak-mmap.c \
	tests/robust/soak-model.c \
	tests/robust/soak-remap.c \
	tests/robust/soak-span.c \
	tests/robust/soak-thread.c \
	tests/robust/soak-trouble.c
endif

# Programs are not compiled against a sanitized library.
if !SANITIZED
TESTS += tests/unit/compile.sh
# After all other tests: libtool links the libraries again when it installs
# them, and they are missing meanwhile.
tests/unit/compile.log: $(TEST_LOGS:tests/unit/compile.log=)
endif
EXTRA_DIST += tests/unit/compile.sh tests/support/valgrind.sh tests/support/sanitize.sh

# All test programs under memcheck, two at a time. Left out: test-trap-forms and
# test-trap-run use instructions that valgrind does not know, test-trap-special
# uses addresses of valgrind's own mappings, and test-trap-stack* measure stack
# of which valgrind uses some.
VALGRIND_UNIT = $(UNIT_TESTS:tests/unit/test-trap-forms=)
VALGRIND_LESS = $(VALGRIND_UNIT:tests/unit/test-trap-run=)
VALGRIND_SOME = $(VALGRIND_LESS:tests/unit/test-trap-special=)
VALGRIND_REST = $(VALGRIND_SOME:tests/unit/test-trap-stack=)
VALGRIND_TESTS = \
	$(VALGRIND_REST:tests/unit/test-trap-stack-small=) $(ROBUST_TESTS) $(FUZZ_TESTS) \
	doc/examples/driver-test/nic-test
check-valgrind: all $(check_PROGRAMS) $(check_LTLIBRARIES) $(check_DATA)
	$(SHELL) $(srcdir)/tests/support/valgrind.sh '$(LIBTOOL)' $(VALGRIND_TESTS)

# All tests in builds of their own with the compiler's sanitizers.
check-sanitize:
	$(SHELL) $(srcdir)/tests/support/sanitize.sh $(srcdir) address,undefined thread

# The random test for SOAK_SECONDS, with one episode at a time on each
# processor.
SOAK_SECONDS = 3600
soak: tests/robust/soak
	BARSPAN_SOAK_SECONDS=$(SOAK_SECONDS) BARSPAN_SOAK_JOBS=`nproc` tests/robust/soak

CLEANFILES += tests/valgrind/*
.PHONY: check-valgrind check-sanitize soak
