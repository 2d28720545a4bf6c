# SPDX-License-Identifier: BSD-3-Clause

LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh

if HAVE_CHECK
# One suite a room, linked with the library's inside.
UNIT_TESTS = \
	tests/test-capability \
	tests/test-device \
	tests/test-guard \
	tests/test-interval \
	tests/test-io \
	tests/test-layout \
	tests/test-legacy \
	tests/test-msix \
	tests/test-pci \
	tests/test-owned \
	tests/test-preload-hide \
	tests/test-registry \
	tests/test-reservation \
	tests/test-soft \
	tests/test-span \
	tests/test-suspend \
	tests/test-sys \
	tests/test-trap \
	tests/test-trap-cancel \
	tests/test-trap-report \
	tests/test-trap-threads \
	tests/test-vfio \
	tests/test-vfio-change \
	tests/test-vfio-file \
	tests/test-vfio-name

# Sanitizers take stack.
if !SANITIZED
UNIT_TESTS += tests/test-trap-stack
endif

# ThreadSanitizer has signal handlers and masks of its own.
if !TSAN
UNIT_TESTS += tests/test-trap-chain tests/test-trap-rescue tests/test-trap-rescue-frame
endif

if EMULATE
UNIT_TESTS += tests/test-trap-code tests/test-trap-forms tests/test-trap-frame tests/test-trap-run tests/test-trap-special
if !SANITIZED
TESTS += tests/functions/check.sh
endif
WAYS = tests/ways.c tests/ways.h tests/forms.h tests/machine.c tests/machine.h
tests_test_trap_forms_SOURCES = tests/test-trap-forms.c tests/forms.c $(WAYS)
tests_test_trap_forms_LDADD = tests/libharness.la $(ZYDIS_LIBS)
tests_test_trap_run_SOURCES = tests/test-trap-run.c tests/encodings.c tests/encodings.h $(WAYS)
tests_test_trap_special_SOURCES = tests/test-trap-special.c tests/own-faults.c $(WAYS)
tests_test_trap_run_LDADD = tests/libharness.la $(ZYDIS_LIBS)
endif

tests_test_preload_hide_SOURCES = tests/test-preload-hide.c lib/preload-hide.c lib/preload-hide.h
tests_test_trap_SOURCES = tests/test-trap.c tests/trapped.c tests/trapped.h tests/own-faults.c
tests_test_trap_cancel_SOURCES = tests/test-trap-cancel.c tests/trapped.c tests/trapped.h tests/own-faults.c
tests_test_trap_chain_SOURCES = tests/test-trap-chain.c tests/own-faults.c
tests_test_trap_report_SOURCES = tests/test-trap-report.c tests/trapped.c tests/trapped.h tests/own-faults.c
tests_test_trap_rescue_frame_SOURCES = tests/test-trap-rescue-frame.c tests/trapped.c tests/trapped.h tests/own-faults.c
tests_test_trap_rescue_SOURCES = tests/test-trap-rescue.c tests/trapped.c tests/trapped.h tests/own-faults.c
tests_test_trap_stack_SOURCES = tests/test-trap-stack.c tests/trapped.c tests/trapped.h tests/own-faults.c
# As the library is linked: the dynamic linker takes a lot of the stack that binds a function late.
tests_test_trap_stack_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,now
tests_test_trap_threads_SOURCES = tests/test-trap-threads.c tests/own-faults.c

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

check_LTLIBRARIES += tests/libharness.la
tests_libharness_la_SOURCES = tests/harness.c tests/harness.h tests/fake.c tests/fake.h tests/guard-ways.h
tests_libharness_la_LIBADD = lib/libcore.la $(CHECK_LIBS)

# What programs get that say nothing else: that is, the unit tests. For --wrap see tests/fake.h.
LDADD = tests/libharness.la
AM_CPPFLAGS += -I$(top_srcdir)/lib -I$(top_srcdir)/tests
AM_CFLAGS += $(CHECK_CFLAGS)
AM_LDFLAGS += \
	-Wl,--wrap=sys_calloc -Wl,--wrap=sys_realloc -Wl,--wrap=sys_open -Wl,--wrap=sys_memfd_create \
	-Wl,--wrap=sys_ftruncate -Wl,--wrap=sys_ioctl -Wl,--wrap=sys_read -Wl,--wrap=sys_pread -Wl,--wrap=sys_pwrite \
	-Wl,--wrap=sys_readlink -Wl,--wrap=sys_fstat -Wl,--wrap=sys_find_entry -Wl,--wrap=sys_mmap -Wl,--wrap=sys_munmap \
	-Wl,--wrap=sys_mprotect -Wl,--wrap=sys_madvise -Wl,--wrap=sys_mremap \
	-Wl,--wrap=sys_remap -Wl,--wrap=sys_munlock
endif
EXTRA_DIST += tests/functions/check.sh tests/functions/functions.c tests/functions/functions.h tests/functions/run.c
