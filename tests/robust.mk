# SPDX-License-Identifier: BSD-3-Clause

# What cuts across the rooms.
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

# valgrind has not so many mappings to give, and what sanitizers allocate with ends the program when there are none.
if !SANITIZED
check_PROGRAMS += tests/robust/test-limit
TESTS += tests/robust/test-limit
endif

tests_robust_test_fault_SOURCES = tests/robust/test-fault.c tests/support/scenario.c tests/support/scenario.h tests/support/fixture.c tests/support/fixture.h
tests_robust_test_surroundings_CPPFLAGS = $(AM_CPPFLAGS) -DSHARED_LIBRARY='"$(abs_top_builddir)/.libs/libbarspan-trap.so.0"'
tests_robust_test_callbacks_SOURCES = tests/robust/test-callbacks.c tests/support/callback-fixture.c tests/support/callback-fixture.h
tests_robust_test_callbacks_threads_SOURCES = tests/robust/test-callbacks-threads.c tests/support/callback-fixture.c tests/support/callback-fixture.h
tests_robust_test_takeover_SOURCES = tests/robust/test-takeover.c tests/support/takeover-fixture.c tests/support/takeover-fixture.h
tests_robust_test_takeover_parts_SOURCES = tests/robust/test-takeover-parts.c tests/support/takeover-fixture.c tests/support/takeover-fixture.h
tests_robust_test_property_SOURCES = tests/robust/test-property.c tests/support/trial.c tests/support/trial.h
tests_robust_test_gap_SOURCES = tests/robust/test-gap.c tests/support/fixture.c tests/support/fixture.h
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

# A sanitized library is not what programs are compiled against.
if !SANITIZED
TESTS += tests/unit/compile.sh
# When no other test runs: libtool links libraries again as it installs them, and they are away meanwhile.
tests/unit/compile.log: $(TEST_LOGS:tests/unit/compile.log=)
endif
EXTRA_DIST += tests/unit/compile.sh tests/support/valgrind.sh tests/support/sanitize.sh

# All test programs under memcheck, two at a time.
# valgrind does not know all instructions that test-trap-forms and test-trap-run try, has its own mappings at the
# addresses of test-trap-special, and takes some of the stack that test-trap-stack measures.
VALGRIND_UNIT = $(UNIT_TESTS:tests/unit/test-trap-forms=)
VALGRIND_LESS = $(VALGRIND_UNIT:tests/unit/test-trap-run=)
VALGRIND_REST = $(VALGRIND_LESS:tests/unit/test-trap-special=)
VALGRIND_TESTS = $(VALGRIND_REST:tests/unit/test-trap-stack=) $(ROBUST_TESTS) $(FUZZ_TESTS) \
	doc/examples/driver-test/nic-test
check-valgrind: all $(check_PROGRAMS) $(check_LTLIBRARIES) $(check_DATA)
	$(SHELL) $(srcdir)/tests/support/valgrind.sh '$(LIBTOOL)' $(VALGRIND_TESTS)

# All tests in builds of their own with the compiler's sanitizers.
check-sanitize:
	$(SHELL) $(srcdir)/tests/support/sanitize.sh $(srcdir) address,undefined thread

# The random test for as long as wanted, as many episodes at a time as there are processors.
SOAK_SECONDS = 3600
soak: tests/robust/soak
	BARSPAN_SOAK_SECONDS=$(SOAK_SECONDS) BARSPAN_SOAK_JOBS=`nproc` tests/robust/soak

CLEANFILES += tests/valgrind/*
.PHONY: check-valgrind check-sanitize soak
