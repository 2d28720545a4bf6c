# SPDX-License-Identifier: BSD-3-Clause

# What cuts across the rooms.
if HAVE_CHECK
ROBUST_TESTS = \
	tests/robust/test-callbacks \
	tests/robust/test-sharing \
	tests/robust/test-surroundings \
	tests/robust/test-takeover \
	tests/test-fault \
	tests/test-gap \
	tests/test-memory \
	tests/test-property \
	tests/test-race \
	tests/test-shapes

check_PROGRAMS += $(ROBUST_TESTS)
TESTS += $(ROBUST_TESTS)

# valgrind has not so many mappings to give, and what sanitizers allocate with ends the program when there are none.
if !SANITIZED
check_PROGRAMS += tests/test-limit
TESTS += tests/test-limit
endif

tests_test_fault_SOURCES = tests/test-fault.c tests/scene.c tests/scene.h
tests_robust_test_surroundings_CPPFLAGS = $(AM_CPPFLAGS) -DSHARED_LIBRARY='"$(abs_top_builddir)/.libs/libbarspan.so.0"'
tests_test_gap_SOURCES = tests/test-gap.c tests/scene.c tests/scene.h
endif

# A sanitized library is not what programs are compiled against.
if !SANITIZED
TESTS += tests/compile.sh
endif
EXTRA_DIST += tests/compile.sh tests/valgrind.sh tests/sanitize.sh

# All test programs under memcheck, two at a time.
# valgrind does not know all instructions that test-trap-forms tries.
VALGRIND_TESTS = $(UNIT_TESTS) $(ROBUST_TESTS) $(FUZZ_TESTS)
check-valgrind: all $(check_PROGRAMS) $(check_LTLIBRARIES) $(check_DATA)
	$(SHELL) $(srcdir)/tests/valgrind.sh '$(LIBTOOL)' $(VALGRIND_TESTS:tests/test-trap-forms=)

# All tests in builds of their own with the compiler's sanitizers.
check-sanitize:
	$(SHELL) $(srcdir)/tests/sanitize.sh $(srcdir) address,undefined thread

CLEANFILES += tests/valgrind/*
.PHONY: check-valgrind check-sanitize
