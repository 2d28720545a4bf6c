# SPDX-License-Identifier: BSD-3-Clause

# CURRENT:REVISION:AGE of the interface; the inline functions' structures are part of it.
BARSPAN_LIBTOOL_VERSION = 0:0:0

# All of the library, for itself and for tests that look inside.
noinst_LTLIBRARIES += lib/libcore.la
lib_libcore_la_SOURCES = \
	lib/capability.c lib/capability.h \
	lib/detach.c lib/detach.h \
	lib/device.c lib/device.h \
	lib/fork.h \
	lib/guard.c lib/guard.h \
	lib/interval.c lib/interval.h \
	lib/io.c lib/io.h \
	lib/layout.c lib/layout.h \
	lib/log.c lib/log.h \
	lib/maps.c lib/maps.h \
	lib/mmap.c \
	lib/msix.c lib/msix.h \
	lib/operation.c lib/operation.h \
	lib/options.c lib/options.h \
	lib/owned.c lib/owned.h \
	lib/pci.c lib/pci.h \
	lib/pci-address.c \
	lib/private.c lib/private.h \
	lib/ptr-cache.c lib/ptr-cache.h \
	lib/ptr.c \
	lib/registry.c lib/registry.h \
	lib/reservation.c lib/reservation.h \
	lib/segment.h \
	lib/segment-map.c lib/segment-map.h \
	lib/segment-split.c \
	lib/segments.c \
	lib/shared-device.c lib/shared-device.h \
	lib/sized.c lib/sized.h \
	lib/soft.c \
	lib/span.c lib/span.h \
	lib/span-map.c lib/span-map.h \
	lib/suspend.c \
	lib/sys.c lib/sys.h \
	lib/table.c \
	lib/trap.c \
	lib/trap-chain.c lib/trap-chain.h \
	lib/trap-emulate.h \
	lib/trap-end.c lib/trap-end.h \
	lib/trap-explain.c lib/trap-explain.h \
	lib/trap-frame.c \
	lib/trap-form.h \
	lib/trap-machine.c lib/trap-machine.h \
	lib/trap-memcheck.c lib/trap-memcheck.h \
	lib/trap-memory.c lib/trap-memory.h \
	lib/trap-module.c lib/trap-module.h \
	lib/trap-print.c \
	lib/trap-own.c lib/trap-own.h \
	lib/trap-report.c lib/trap-report.h \
	lib/trap-rows.c lib/trap-rows.h \
	lib/trap-table.h \
	lib/trap-rescue.c lib/trap-rescue.h \
	lib/trap-scratch.c lib/trap-scratch.h \
	lib/trap-text.c lib/trap-text.h \
	lib/version.c \
	lib/vfio.c \
	lib/vfio-file.c \
	lib/vfio-name.c lib/vfio-name.h
EMULATION = \
	lib/trap-alu.c lib/trap-alu.h \
	lib/trap-cache.c \
	lib/trap-compute.c \
	lib/trap-decode.c lib/trap-zydis.h \
	lib/trap-emulate.c \
	lib/trap-rewrite.c \
	lib/trap-run.c lib/trap-run.h \
	lib/trap-stack.c \
	lib/trap-string.c \
	lib/trap-vector.c
if EMULATE
lib_libcore_la_SOURCES += $(EMULATION)
else
lib_libcore_la_SOURCES += lib/trap-noemulate.c
endif
EXTRA_DIST += $(EMULATION) lib/trap-noemulate.c
lib_libcore_la_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden

lib_LTLIBRARIES += libbarspan.la
libbarspan_la_SOURCES =
libbarspan_la_LIBADD = lib/libcore.la
libbarspan_la_LDFLAGS = $(SANITIZER) -version-info $(BARSPAN_LIBTOOL_VERSION) -no-undefined \
	-Wl,--version-script=$(srcdir)/lib/libbarspan.map -Wl,-z,relro,-z,now,-z,defs,-z,nodelete
libbarspan_la_DEPENDENCIES = lib/libcore.la lib/libbarspan.map
EXTRA_DIST += lib/libbarspan.map

# What barspan run preloads; it finds the library beside it.
pkglib_LTLIBRARIES = libbarspan-preload.la
libbarspan_preload_la_SOURCES = \
	lib/preload.c lib/preload.h \
	lib/preload-descriptors.c \
	lib/preload-hide.c lib/preload-hide.h \
	lib/preload-ioctl.c \
	lib/preload-masks.c \
	lib/preload-memory.c \
	lib/preload-signals.c
libbarspan_preload_la_CPPFLAGS = -I$(top_srcdir)/include -I$(top_srcdir)/lib
libbarspan_preload_la_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER) -fvisibility=hidden
libbarspan_preload_la_LDFLAGS = $(SANITIZER) -module -avoid-version -shared $(ORIGIN_PARENT_RPATH)
libbarspan_preload_la_LIBADD = libbarspan.la

pkgconfig_DATA = lib/barspan.pc
