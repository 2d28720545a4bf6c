# SPDX-License-Identifier: BSD-3-Clause

# Tests on a real kernel, in an emulated machine. fetch's folder:
VM_CACHE = $(abs_top_builddir)/tests/vm/cache

EXTRA_DIST += \
	tests/vm/boot.sh \
	tests/vm/cross \
	tests/vm/device.sh \
	tests/vm/dpdk.sh \
	tests/vm/fetch \
	tests/vm/guest-lib.sh \
	tests/vm/init \
	tests/vm/instructions \
	tests/vm/kmod/Kbuild \
	tests/vm/kmod/areas.c \
	tests/vm/kmod/areas.h \
	tests/vm/kmod/driver.c \
	tests/vm/rescue.sh \
	tests/vm/root.sh \
	tests/vm/rows/arm64 \
	tests/vm/rows/arm64-16k \
	tests/vm/rows/x86-64 \
	tests/vm/rows/x86-64-backports \
	tests/vm/run \
	tests/vm/testpmd.sh

# Only check-vm builds these.
VM_BUILT = tests/vm/device tests/vm/disturb tests/vm/image
EXTRA_PROGRAMS = tests/vm/device tests/vm/disturb tests/vm/image tests/vm/shown

# The unit tests' flags are not for these programs. `device` uses the public
# interface only.
tests_vm_device_SOURCES = \
	tests/vm/case-data.c \
	tests/vm/case-map.c \
	tests/vm/case-open.c \
	tests/vm/case-register.c \
	tests/vm/case-suspend.c \
	tests/vm/case-threads.c \
	tests/vm/complain.c tests/vm/complain.h \
	tests/vm/device.c tests/vm/device.h \
	tests/vm/machine.c \
	tests/vm/plan.c tests/vm/plan.h \
	tests/vm/sysfs.c tests/vm/sysfs.h
tests_vm_device_CPPFLAGS = -I$(top_srcdir)/include
tests_vm_device_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER)
tests_vm_device_LDFLAGS = $(SANITIZER)
tests_vm_device_LDADD = libbarspan.la

tests_vm_disturb_SOURCES = tests/vm/disturb.c
tests_vm_disturb_CPPFLAGS =
tests_vm_disturb_CFLAGS = -std=gnu11 $(WARNINGS)
tests_vm_disturb_LDFLAGS =
tests_vm_disturb_LDADD =

tests_vm_image_SOURCES = tests/vm/image.c tests/vm/plan.c tests/vm/plan.h
tests_vm_image_CPPFLAGS = -I$(top_srcdir)/include
tests_vm_image_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER)
tests_vm_image_LDFLAGS = $(SANITIZER)
tests_vm_image_LDADD =

tests_vm_shown_SOURCES = \
	tests/vm/complain.c tests/vm/complain.h \
	tests/vm/shown.c \
	tests/vm/sysfs.c tests/vm/sysfs.h
tests_vm_shown_CPPFLAGS = -I$(top_srcdir)/include
tests_vm_shown_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER) $(JANSSON_CFLAGS)
tests_vm_shown_LDFLAGS = $(SANITIZER)
tests_vm_shown_LDADD = $(JANSSON_LIBS)

VM_RUN = PATH="$(abs_builddir)/tests/vm:$$PATH" $(srcdir)/tests/vm/run --build tests/vm/boot --cache "$(VM_CACHE)"
VM_RUN_NATIVE = $(VM_RUN) --library-path $(abs_builddir)/.libs
VM_DEVICE = --script $(srcdir)/tests/vm/device.sh
VM_RUN_DEVICE = $(VM_RUN_NATIVE) $(VM_DEVICE) --file tests/vm/device --timeout 600
VM_RUN_DPDK = $(VM_RUN_NATIVE) --script $(srcdir)/tests/vm/testpmd.sh \
	--script $(srcdir)/tests/vm/dpdk.sh --script $(srcdir)/tests/vm/rescue.sh \
	--file tests/vm/disturb --timeout 600
# A release of Debian whose DPDK maps sparse BARs itself.
VM_DPDK_SUITE = trixie
# QEMU reads more bytes than some of the instructions of test-trap-run. The C
# library loads the unwinder if a thread is cancelled or ends early.
VM_TESTS = $(UNIT_TESTS:tests/unit/test-trap-run=)
VM_FILES = $(VM_TESTS:%=--file %:/test/unit/) \
	--file "$$($(CC) -print-file-name=libgcc_s.so.1):/lib/x86_64-linux-gnu/"

if TOOL
VM_BUILT += tests/vm/shown barspan
VM_TOOL = --file barspan
VM_FILES += --file tests/vm/shown $(VM_TOOL)
endif

# Two functions of one slot, for a group that is not viable.
VM_SHARED = --module nvme --env SHARED=0000:00:0a \
	--qemu "-device edu,addr=0a.0,multifunction=on -device nvme,serial=shared,addr=0a.1"

# Two network devices on one hub, for DPDK.
VM_HUB = --env PORT0=0000:00:07.0 --env MAC0=52:54:00:ba:75:07 --env PORT1=0000:00:08.0 --env MAC1=52:54:00:ba:75:08 \
	--qemu "-netdev hubport,id=h0,hubid=0 -device e1000e,netdev=h0,addr=07.0,mac=52:54:00:ba:75:07,romfile=" \
	--qemu "-netdev hubport,id=h1,hubid=0 -device e1000e,netdev=h1,addr=08.0,mac=52:54:00:ba:75:08,romfile="

# The library that `barspan run` preloads. Without it, the tests of `barspan run`
# are skipped. The host disassembles the driver: the report must name
# instructions.
if TOOL
if EMULATE
if SHARED
VM_PRELOAD = .libs/libbarspan-preload.so
VM_BUILT += libbarspan-preload.la
endif
endif
endif
VM_PRELOADED = $(VM_PRELOAD:%=--file %) $(VM_PRELOAD:%=--host-check \
	"$(abs_srcdir)/tests/vm/instructions \$$DPDK/usr/lib/x86_64-linux-gnu/librte_net_e1000.so.?? <guest-tap")

# The memory of the ivshmem devices after the tests.
VM_IMAGES = --host-check "image ivshmem0.mem sparse" --host-check "image ivshmem1.mem suspend"

# All boots, even if one fails.
check-vm-x86-64: $(VM_BUILT) $(UNIT_TESTS)
	@status=0; \
	$(VM_RUN_DEVICE) --name device --tap tests/vm/device.tap $(VM_FILES) $(VM_SHARED) $(VM_IMAGES) || status=1; \
	$(VM_RUN_DEVICE) --name memcheck --tap tests/vm/memcheck.tap --valgrind --env MEMCHECK=yes \
		--host-check "image ivshmem0.mem sparse-light" \
		--host-check "image ivshmem1.mem suspend-light" || status=1; \
	$(VM_RUN_DPDK) --dpdk --name dpdk --tap tests/vm/dpdk.tap $(VM_HUB) $(VM_TOOL) $(VM_PRELOADED) || status=1; \
	$(VM_RUN_DPDK) --dpdk-suite $(VM_DPDK_SUITE) --name dpdk-new --tap tests/vm/dpdk-new.tap $(VM_HUB) $(VM_TOOL) \
		$(VM_PRELOADED) || status=1; \
	exit $$status

# The unit tests and the device tests with a newer kernel.
check-vm-x86-64-backports: $(VM_BUILT) $(UNIT_TESTS)
	$(AM_V_at)$(VM_RUN_DEVICE) --row x86-64-backports --name x86-64-backports --tap tests/vm/x86-64-backports.tap \
		$(VM_FILES) $(VM_SHARED) $(VM_IMAGES)

# The unit tests of mappings and of the trap, and the device tests, on arm64.
# User-mode emulation does not show these: it has its own mappings and signal
# frames.
VM_CROSS = tests/vm/cross-aarch64
VM_ARM64_TESTS = guard registry reservation trap-arm64 trap-arm64-decode trap-cancel trap-chain trap-handlers trap-hooks trap-report
# These fail or hang with pages of 16 KiB. Some of them have layouts in units of
# 4 KiB.
VM_4K_TESTS = io span suspend trap trap-rescue trap-rescue-frame trap-threads
check-vm-arm64: VM_ARM64_TESTS += $(VM_4K_TESTS)
VM_ARM64_FILES = $(VM_ARM64_TESTS:%=--file $(VM_CROSS)/tests/unit/test-%:/test/unit/) \
	--file "$$(aarch64-linux-gnu-gcc -print-file-name=libgcc_s.so.1):/usr/local/lib/"
VM_ARM64 = check-vm-arm64 check-vm-arm64-16k
$(VM_ARM64): tests/vm/image
	$(AM_V_at)check=`$(srcdir)/tests/vm/fetch "$(VM_CACHE)" check arm64` && \
	$(srcdir)/tests/vm/cross aarch64-linux-gnu $(VM_CROSS) --device --check "$$check" \
		$(if $(findstring -Werror,$(WARNINGS)),--enable-werror) >tests/vm/cross.log 2>&1 || \
		{ cat tests/vm/cross.log; exit 1; }; \
	row=$@; row=$${row#check-vm-}; \
	$(VM_RUN) --row $$row --name $$row --tap tests/vm/$$row.tap --timeout 300 \
		$(VM_DEVICE) --env NO_TOOL=yes --file $(VM_CROSS)/tests/vm/device $(VM_ARM64_FILES) \
		--library-path $(abs_builddir)/$(VM_CROSS)/.libs --library-path "$$check/usr/lib/aarch64-linux-gnu" \
		$(VM_SHARED) $(VM_IMAGES)

# All rows, even if one fails.
VM_ROWS = check-vm-x86-64 check-vm-x86-64-backports $(VM_ARM64)
check-vm:
	@status=0; \
	for row in $(VM_ROWS); do \
		start=`date +%s`; \
		$(MAKE) $$row || status=1; \
		echo "# $$row: `expr \`date +%s\` - $$start` s"; \
	done; \
	exit $$status

CLEANFILES += $(EXTRA_PROGRAMS) tests/vm/device.tap tests/vm/dpdk.tap tests/vm/dpdk-new.tap tests/vm/memcheck.tap \
	tests/vm/x86-64-backports.tap tests/vm/arm64.tap tests/vm/arm64-16k.tap tests/vm/cross.log
clean-local: clean-vm
clean-vm:
	rm -rf tests/vm/boot $(VM_CROSS)

.PHONY: check-vm $(VM_ROWS) clean-vm
