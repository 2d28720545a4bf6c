# SPDX-License-Identifier: BSD-3-Clause

# Manual pages. Section 3 has one page for each topic. Every other function and
# type in the page's NAME section has an alias.
dist_man_MANS = \
	doc/barspan.7 \
	doc/barspan-bindings.7 \
	doc/barspan-porting.7 \
	doc/barspan-testing.7 \
	doc/barspan_device.3 \
	doc/barspan_is_direct.3 \
	doc/barspan_map.3 \
	doc/barspan_mmap.3 \
	doc/barspan_ptr_read32.3 \
	doc/barspan_read32.3 \
	doc/barspan_set_log.3 \
	doc/barspan_suspend.3 \
	doc/barspan_trap_enable.3 \
	doc/barspan_version.3
if TOOL
dist_man_MANS += doc/barspan.1
endif
EXTRA_DIST += doc/barspan.1

MAN_ALIASES = \
	doc/aliases/BARSPAN_SOFT_OPTIONS.3 \
	doc/aliases/barspan_base.3 \
	doc/aliases/barspan_device_close.3 \
	doc/aliases/barspan_device_fd.3 \
	doc/aliases/barspan_device_iommu_fd.3 \
	doc/aliases/barspan_device_name.3 \
	doc/aliases/barspan_device_of.3 \
	doc/aliases/barspan_device_open_ops.3 \
	doc/aliases/barspan_device_open_pci.3 \
	doc/aliases/barspan_device_open_soft.3 \
	doc/aliases/barspan_device_open_vfio.3 \
	doc/aliases/barspan_device_ops.3 \
	doc/aliases/barspan_device_read.3 \
	doc/aliases/barspan_device_region.3 \
	doc/aliases/barspan_device_write.3 \
	doc/aliases/barspan_extent.3 \
	doc/aliases/barspan_extent_at.3 \
	doc/aliases/barspan_extent_count.3 \
	doc/aliases/barspan_extent_get.3 \
	doc/aliases/barspan_find.3 \
	doc/aliases/barspan_kind.3 \
	doc/aliases/barspan_length.3 \
	doc/aliases/barspan_log_callback.3 \
	doc/aliases/barspan_log_level.3 \
	doc/aliases/barspan_map_flags.3 \
	doc/aliases/barspan_munmap.3 \
	doc/aliases/barspan_options.3 \
	doc/aliases/barspan_pci_flags.3 \
	doc/aliases/barspan_pci_options.3 \
	doc/aliases/barspan_pci_region.3 \
	doc/aliases/barspan_pointer.3 \
	doc/aliases/barspan_ptr_read16.3 \
	doc/aliases/barspan_ptr_read16_raw.3 \
	doc/aliases/barspan_ptr_read32_raw.3 \
	doc/aliases/barspan_ptr_read64.3 \
	doc/aliases/barspan_ptr_read64_raw.3 \
	doc/aliases/barspan_ptr_read8.3 \
	doc/aliases/barspan_ptr_read8_raw.3 \
	doc/aliases/barspan_ptr_write16.3 \
	doc/aliases/barspan_ptr_write16_raw.3 \
	doc/aliases/barspan_ptr_write32.3 \
	doc/aliases/barspan_ptr_write32_raw.3 \
	doc/aliases/barspan_ptr_write64.3 \
	doc/aliases/barspan_ptr_write64_raw.3 \
	doc/aliases/barspan_ptr_write8.3 \
	doc/aliases/barspan_ptr_write8_raw.3 \
	doc/aliases/barspan_range.3 \
	doc/aliases/barspan_read.3 \
	doc/aliases/barspan_read16.3 \
	doc/aliases/barspan_read16_relaxed.3 \
	doc/aliases/barspan_read32_relaxed.3 \
	doc/aliases/barspan_read64.3 \
	doc/aliases/barspan_read64_relaxed.3 \
	doc/aliases/barspan_read8.3 \
	doc/aliases/barspan_read8_relaxed.3 \
	doc/aliases/barspan_reason.3 \
	doc/aliases/barspan_reason_name.3 \
	doc/aliases/barspan_region.3 \
	doc/aliases/barspan_region_flags.3 \
	doc/aliases/barspan_region_index.3 \
	doc/aliases/barspan_region_offset.3 \
	doc/aliases/barspan_resume.3 \
	doc/aliases/barspan_soft_fd.3 \
	doc/aliases/barspan_soft_options.3 \
	doc/aliases/barspan_soft_region.3 \
	doc/aliases/barspan_soft_trapped.3 \
	doc/aliases/barspan_take_error.3 \
	doc/aliases/barspan_trap_count.3 \
	doc/aliases/barspan_trap_counts.3 \
	doc/aliases/barspan_trap_disable.3 \
	doc/aliases/barspan_trap_flags.3 \
	doc/aliases/barspan_trap_options.3 \
	doc/aliases/barspan_trap_report.3 \
	doc/aliases/barspan_try_read16.3 \
	doc/aliases/barspan_try_read32.3 \
	doc/aliases/barspan_try_read64.3 \
	doc/aliases/barspan_try_read8.3 \
	doc/aliases/barspan_try_write16.3 \
	doc/aliases/barspan_try_write32.3 \
	doc/aliases/barspan_try_write64.3 \
	doc/aliases/barspan_try_write8.3 \
	doc/aliases/barspan_unmap.3 \
	doc/aliases/barspan_write.3 \
	doc/aliases/barspan_write16.3 \
	doc/aliases/barspan_write16_relaxed.3 \
	doc/aliases/barspan_write32.3 \
	doc/aliases/barspan_write32_relaxed.3 \
	doc/aliases/barspan_write64.3 \
	doc/aliases/barspan_write64_relaxed.3 \
	doc/aliases/barspan_write8.3 \
	doc/aliases/barspan_write8_relaxed.3 \
	doc/aliases/libbarspan.7
man_MANS = $(MAN_ALIASES)
CLEANFILES += $(MAN_ALIASES)

# An alias points to the page of its section that lists it.
$(MAN_ALIASES): doc/local.mk
	$(AM_V_GEN)$(MKDIR_P) $(@D) && file=$(@F) && section=$${file##*.} && \
	page=`grep -l "^\.Nm $${file%.*}\( ,\)\{0,1\}$$" $(srcdir)/doc/*.$$section` && \
	echo ".so man$$section/`basename $$page`" >$@-t && mv $@-t $@

# Examples. They use the public interface only.
EXAMPLES = \
	doc/examples/legacy \
	doc/examples/map-bar \
	doc/examples/own-transport \
	doc/examples/reset \
	doc/examples/soft-driver \
	doc/examples/driver-test/nic-test
check_PROGRAMS += $(EXAMPLES)
doc_examples_legacy_CPPFLAGS = -I$(top_srcdir)/include
doc_examples_legacy_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER)
doc_examples_legacy_LDFLAGS = $(SANITIZER)
doc_examples_legacy_LDADD = libbarspan.la
doc_examples_map_bar_CPPFLAGS = -I$(top_srcdir)/include
doc_examples_map_bar_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER)
doc_examples_map_bar_LDFLAGS = $(SANITIZER)
doc_examples_map_bar_LDADD = libbarspan.la
doc_examples_own_transport_CPPFLAGS = -I$(top_srcdir)/include
doc_examples_own_transport_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER)
doc_examples_own_transport_LDFLAGS = $(SANITIZER)
doc_examples_own_transport_LDADD = libbarspan.la
doc_examples_reset_CPPFLAGS = -I$(top_srcdir)/include
doc_examples_reset_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER)
doc_examples_reset_LDFLAGS = $(SANITIZER)
doc_examples_reset_LDADD = libbarspan.la
doc_examples_soft_driver_CPPFLAGS = -I$(top_srcdir)/include
doc_examples_soft_driver_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER)
doc_examples_soft_driver_LDFLAGS = $(SANITIZER)
doc_examples_soft_driver_LDADD = libbarspan.la

# A driver's sources, unchanged, against a model of its device. The trap serves it.
DRIVER_TEST = \
	doc/examples/driver-test/nic-driver.c \
	doc/examples/driver-test/nic-model.c \
	doc/examples/driver-test/nic-model.h \
	doc/examples/driver-test/nic-test.c \
	doc/examples/driver-test/nic.h
doc_examples_driver_test_nic_test_SOURCES = $(DRIVER_TEST)
doc_examples_driver_test_nic_test_CPPFLAGS = -I$(top_srcdir)/include
doc_examples_driver_test_nic_test_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER)
doc_examples_driver_test_nic_test_LDFLAGS = $(SANITIZER)
doc_examples_driver_test_nic_test_LDADD = libbarspan-trap.la libbarspan.la

examplesdir = $(docdir)/examples
dist_examples_DATA = \
	doc/examples/legacy.c \
	doc/examples/map-bar.c \
	doc/examples/own-transport.c \
	doc/examples/registers.py \
	doc/examples/reset.c \
	doc/examples/soft-driver.c
drivertestdir = $(examplesdir)/driver-test
dist_drivertest_DATA = $(DRIVER_TEST)
dist_doc_DATA += \
	doc/design.md \
	doc/layout.svg \
	doc/performance.md

TESTS += doc/check-examples.sh doc/check-man.sh doc/check-testing.sh
EXTRA_DIST += doc/check-examples.sh doc/check-man.sh doc/check-testing.sh

# Code that pages contain. Other programs cannot load a sanitized library.
CHECK_PAGES = doc/check-bindings.sh doc/check-porting.sh
if !SANITIZED
TESTS += $(CHECK_PAGES)
$(CHECK_PAGES:.sh=.log): libbarspan.la
endif
EXTRA_DIST += $(CHECK_PAGES) doc/snippet.awk
