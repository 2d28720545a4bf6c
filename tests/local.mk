# SPDX-License-Identifier: BSD-3-Clause

LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh

if HAVE_CHECK
# One suite for each module of the library. Suites call internal functions, too.
UNIT_TESTS = \
	tests/unit/test-capability \
	tests/unit/test-device \
	tests/unit/test-guard \
	tests/unit/test-interval \
	tests/unit/test-io \
	tests/unit/test-io-errors \
	tests/unit/test-layout \
	tests/unit/test-legacy \
	tests/unit/test-legacy-munmap \
	tests/unit/test-msix \
	tests/unit/test-pci \
	tests/unit/test-pci-failure \
	tests/unit/test-out-of-line \
	tests/unit/test-owned \
	tests/unit/test-preload-hide \
	tests/unit/test-registry \
	tests/unit/test-reservation \
	tests/unit/test-soft \
	tests/unit/test-span \
	tests/unit/test-span-failures \
	tests/unit/test-suspend \
	tests/unit/test-suspend-half \
	tests/unit/test-sys \
	tests/unit/test-trap \
	tests/unit/test-trap-cancel \
	tests/unit/test-trap-hooks \
	tests/unit/test-trap-report \
	tests/unit/test-trap-threads \
	tests/unit/test-vfio \
	tests/unit/test-vfio-access \
	tests/unit/test-vfio-change \
	tests/unit/test-vfio-file \
	tests/unit/test-vfio-name

# Sanitizers use more stack. The accesses of these tests are those of x86-64.
if TRAP_X86
if !SANITIZED
UNIT_TESTS += tests/unit/test-trap-stack tests/unit/test-trap-stack-small
endif
endif

# ThreadSanitizer replaces signal handlers and masks.
if !TSAN
UNIT_TESTS += \
	tests/unit/test-trap-chain \
	tests/unit/test-trap-handlers \
	tests/unit/test-trap-rescue \
	tests/unit/test-trap-rescue-frame
endif

if TRAP_ARM64
UNIT_TESTS += tests/unit/test-trap-arm64 tests/unit/test-trap-arm64-decode
tests_unit_test_trap_arm64_SOURCES = \
	tests/unit/test-trap-arm64.c \
	tests/support/arm64-insns.h \
	tests/support/arm64-machine.c tests/support/arm64-machine.h
endif

if TRAP_X86
if EMULATE
UNIT_TESTS += \
	tests/unit/test-trap-code \
	tests/unit/test-trap-forms \
	tests/unit/test-trap-frame \
	tests/unit/test-trap-run \
	tests/unit/test-trap-special
if SHARED
if !SANITIZED
TESTS += tests/unit/functions/check.sh
endif
endif
WAYS = \
	tests/support/ways.c tests/support/ways.h \
	tests/support/insn-cases.h \
	tests/support/machine.c tests/support/machine.h
tests_unit_test_trap_forms_SOURCES = \
	tests/unit/test-trap-forms.c \
	tests/support/insn-cases.c \
	tests/support/insn-forms.c tests/support/insn-forms.h \
	$(WAYS)
tests_unit_test_trap_forms_LDADD = tests/support/libharness.la $(ZYDIS_LIBS)
tests_unit_test_trap_run_SOURCES = \
	tests/unit/test-trap-run.c \
	tests/support/encodings.c tests/support/encodings.h \
	$(WAYS)
tests_unit_test_trap_run_LDADD = tests/support/libharness.la $(ZYDIS_LIBS)
tests_unit_test_trap_special_SOURCES = \
	tests/unit/test-trap-special.c \
	tests/support/own-faults.c \
	$(WAYS)
endif
endif

tests_unit_test_io_SOURCES = \
	tests/unit/test-io.c \
	tests/support/io-fixture.c tests/support/io-fixture.h
tests_unit_test_io_errors_SOURCES = \
	tests/unit/test-io-errors.c \
	tests/support/io-fixture.c tests/support/io-fixture.h
tests_unit_test_pci_SOURCES = \
	tests/unit/test-pci.c \
	tests/support/pci-world.c tests/support/pci-world.h
tests_unit_test_pci_failure_SOURCES = \
	tests/unit/test-pci-failure.c \
	tests/support/pci-world.c tests/support/pci-world.h
tests_unit_test_legacy_SOURCES = \
	tests/unit/test-legacy.c \
	tests/support/legacy-fixture.c tests/support/legacy-fixture.h
tests_unit_test_legacy_munmap_SOURCES = \
	tests/unit/test-legacy-munmap.c \
	tests/support/legacy-fixture.c tests/support/legacy-fixture.h
tests_unit_test_span_SOURCES = \
	tests/unit/test-span.c \
	tests/support/span-fixture.c tests/support/span-fixture.h
tests_unit_test_span_failures_SOURCES = \
	tests/unit/test-span-failures.c \
	tests/support/span-fixture.c tests/support/span-fixture.h
tests_unit_test_suspend_SOURCES = \
	tests/unit/test-suspend.c \
	tests/support/suspend-fixture.c tests/support/suspend-fixture.h
tests_unit_test_suspend_half_SOURCES = \
	tests/unit/test-suspend-half.c \
	tests/support/suspend-fixture.c tests/support/suspend-fixture.h
tests_unit_test_vfio_SOURCES = \
	tests/unit/test-vfio.c \
	tests/support/vfio-fixture.c tests/support/vfio-fixture.h
tests_unit_test_vfio_access_SOURCES = \
	tests/unit/test-vfio-access.c \
	tests/support/vfio-fixture.c tests/support/vfio-fixture.h
tests_unit_test_preload_hide_SOURCES = \
	tests/unit/test-preload-hide.c \
	lib/preload/hide.c lib/preload/hide.h
TRAP_FIXTURE = \
	tests/support/trap-fixture.c tests/support/trap-fixture.h \
	tests/support/own-faults.c
STACK_FIXTURE = \
	tests/support/stack-fixture.c tests/support/stack-fixture.h \
	$(TRAP_FIXTURE)
tests_unit_test_trap_SOURCES = \
	tests/unit/test-trap.c \
	$(TRAP_FIXTURE)
tests_unit_test_trap_cancel_SOURCES = \
	tests/unit/test-trap-cancel.c \
	$(TRAP_FIXTURE)
tests_unit_test_trap_hooks_SOURCES = \
	tests/unit/test-trap-hooks.c \
	$(TRAP_FIXTURE)
tests_unit_test_trap_chain_SOURCES = \
	tests/unit/test-trap-chain.c \
	tests/support/own-faults.c
tests_unit_test_trap_handlers_SOURCES = \
	tests/unit/test-trap-handlers.c \
	tests/support/own-faults.c
tests_unit_test_trap_report_SOURCES = \
	tests/unit/test-trap-report.c \
	$(TRAP_FIXTURE)
tests_unit_test_trap_rescue_frame_SOURCES = \
	tests/unit/test-trap-rescue-frame.c \
	$(TRAP_FIXTURE)
tests_unit_test_trap_rescue_SOURCES = \
	tests/unit/test-trap-rescue.c \
	$(TRAP_FIXTURE)
tests_unit_test_trap_stack_SOURCES = \
	tests/unit/test-trap-stack.c \
	$(STACK_FIXTURE)
tests_unit_test_trap_stack_small_SOURCES = \
	tests/unit/test-trap-stack-small.c \
	$(STACK_FIXTURE)
tests_unit_test_trap_threads_SOURCES = \
	tests/unit/test-trap-threads.c \
	tests/support/own-faults.c

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

check_LTLIBRARIES += tests/support/libharness.la
tests_support_libharness_la_SOURCES = \
	tests/support/harness.c tests/support/harness.h \
	tests/support/fake.c tests/support/fake.h \
	tests/support/guard-ways.h
tests_support_libharness_la_LIBADD = lib/libtrap.la lib/libcore.la $(CHECK_LIBS)

# Defaults for programs without settings of their own, which are the tests of
# the library. --wrap is for tests/support/fake.h.
LDADD = tests/support/libharness.la
AM_CPPFLAGS += -I$(top_srcdir)/tests
AM_CFLAGS += $(CHECK_CFLAGS) $(ZYDIS_CFLAGS)
# Bind functions at start, as in the libraries, not inside a signal handler.
AM_LDFLAGS += -Wl,-z,now \
	-Wl,--wrap=sys_calloc -Wl,--wrap=sys_realloc -Wl,--wrap=sys_open \
	-Wl,--wrap=sys_memfd_create -Wl,--wrap=sys_ftruncate -Wl,--wrap=sys_ioctl \
	-Wl,--wrap=sys_read -Wl,--wrap=sys_pread -Wl,--wrap=sys_pwrite -Wl,--wrap=sys_readlink \
	-Wl,--wrap=sys_fstat -Wl,--wrap=sys_find_entry -Wl,--wrap=sys_mmap -Wl,--wrap=sys_munmap \
	-Wl,--wrap=sys_mprotect -Wl,--wrap=sys_madvise -Wl,--wrap=sys_move_mapping \
	-Wl,--wrap=sys_mremap -Wl,--wrap=sys_munlock
endif
TESTS += tests/unit/arm64-access.sh tests/unit/includes.sh tests/unit/locks.sh tests/unit/prose.sh tests/unit/spdx.sh
EXTRA_DIST += \
	tests/unit/arm64-access.sh \
	tests/unit/includes.sh \
	tests/unit/locks.sh \
	tests/unit/prose.sh \
	tests/unit/spdx.sh \
	tests/support/prose.awk \
	tests/support/tap.sh
EXTRA_DIST += \
	tests/unit/functions/check.sh \
	tests/unit/functions/functions.c \
	tests/unit/functions/functions.h \
	tests/unit/functions/run.c

# The examples and the program as they are installed.
if TOOL
INSTALLED_TOOL = yes
else
INSTALLED_TOOL = no
endif
if EMULATE
INSTALLED_EMULATION = yes
else
INSTALLED_EMULATION = no
endif
installcheck-local:
	srcdir='$(srcdir)' DESTDIR='$(DESTDIR)' CC='$(CC)' CFLAGS='$(CFLAGS) $(SANITIZER)' \
	bindir='$(bindir)' libdir='$(libdir)' examplesdir='$(examplesdir)' \
	tool=$(INSTALLED_TOOL) emulation=$(INSTALLED_EMULATION) $(SHELL) $(srcdir)/tests/installed.sh
EXTRA_DIST += tests/installed.sh

# The ABI of this build against that of the last release. Types are read from debugging information, which depends on
# the compiler: build with gcc.
check-abi: libbarspan.la libbarspan-trap.la
	srcdir='$(srcdir)' $(SHELL) $(srcdir)/tests/abi/check.sh
update-abi: libbarspan.la libbarspan-trap.la
	srcdir='$(srcdir)' $(SHELL) $(srcdir)/tests/abi/check.sh --update
.PHONY: check-abi update-abi
EXTRA_DIST += \
	tests/abi/check.sh \
	tests/abi/growth.abignore \
	tests/abi/libbarspan-trap.xml \
	tests/abi/libbarspan.xml \
	tests/abi/public.abignore
