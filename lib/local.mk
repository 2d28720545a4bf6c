# SPDX-License-Identifier: BSD-3-Clause

# CURRENT:REVISION:AGE of the interface; the inline functions' structures are part of it.
BARSPAN_LIBTOOL_VERSION = 0:0:0
# CURRENT - AGE: the number in the libraries' sonames.
BARSPAN_MAJOR = 0

# Each of the two libraries has its own copy of this code, which has no state.
noinst_LTLIBRARIES += lib/libutil.la
lib_libutil_la_SOURCES = \
	lib/util/error-name.c \
	lib/util/extensible.c lib/util/extensible.h \
	lib/util/sys.c lib/util/sys.h lib/util/sys-call.h \
	lib/util/sys-memory.c
lib_libutil_la_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden

# The core library as a convenience library, also for tests of private functions.
noinst_LTLIBRARIES += lib/libcore.la
lib_libcore_la_SOURCES = \
	lib/layout/capability.c lib/layout/capability.h \
	lib/span/detach.c lib/span/detach.h \
	lib/device/device.c lib/device/device.h \
	lib/span/failure.c \
	lib/util/fork.h \
	lib/layout/guard.c lib/layout/guard.h \
	lib/layout/interval.c lib/layout/interval.h \
	lib/span/io.c lib/span/io.h \
	lib/layout/layout.c lib/layout/layout.h \
	lib/util/log.c lib/util/log.h \
	lib/span/map.c \
	lib/span/maps.c lib/span/maps.h \
	lib/compat/mmap.c \
	lib/compat/out-of-line.c \
	lib/layout/msix.c lib/layout/msix.h \
	lib/util/border.c lib/util/border.h \
	lib/util/operation.c lib/util/operation.h \
	lib/span/options.c lib/span/options.h \
	lib/util/owned.c lib/util/owned.h \
	lib/device/pci.c \
	lib/device/pci-address.c lib/device/pci-address.h \
	lib/device/pci-cdev.c \
	lib/device/pci-way.c lib/device/pci-way.h \
	lib/compat/private.c lib/compat/private.h \
	lib/span/ptr-cache.c lib/span/ptr-cache.h \
	lib/compat/ptr.c \
	lib/span/registry.c lib/span/registry.h \
	lib/span/reservation.c lib/span/reservation.h \
	lib/span/segment.h \
	lib/span/segment-map.c lib/span/segment-map.h \
	lib/span/segment-split.c \
	lib/span/segments.c \
	lib/compat/shared-device.c lib/compat/shared-device.h \
	lib/device/soft.c \
	lib/span/span.c lib/span/span.h \
	lib/span/span-map.c lib/span/span-map.h \
	lib/span/suspend.c \
	lib/span/table.c \
	lib/util/sys-keep.c \
	lib/util/version.c \
	lib/device/vfio.c lib/device/vfio.h \
	lib/device/vfio-description.c lib/device/vfio-description.h \
	lib/device/vfio-file.c \
	lib/device/vfio-name.c lib/device/vfio-name.h
lib_libcore_la_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden
lib_libcore_la_LIBADD = lib/libutil.la

# The same for the trap, without libutil.
noinst_LTLIBRARIES += lib/libtrap.la
lib_libtrap_la_SOURCES = \
	lib/trap/chain.c lib/trap/chain.h \
	lib/trap/emulate.h \
	lib/trap/end.c lib/trap/end.h \
	lib/trap/explain.c lib/trap/explain.h \
	lib/trap/insn.h \
	lib/trap/cpu.c lib/trap/cpu.h \
	lib/trap/memcheck.c lib/trap/memcheck.h \
	lib/trap/memory.c lib/trap/memory.h \
	lib/trap/module.c lib/trap/module.h \
	lib/trap/own.c lib/trap/own.h \
	lib/trap/print.c \
	lib/trap/private.h \
	lib/trap/report.c lib/trap/report.h \
	lib/trap/rescue.c lib/trap/rescue.h \
	lib/trap/rows.c lib/trap/rows.h \
	lib/trap/scratch.c lib/trap/scratch.h \
	lib/trap/shadow.c lib/trap/shadow.h \
	lib/trap/sys-signal.c lib/trap/sys-signal.h \
	lib/trap/table.h \
	lib/trap/text.c lib/trap/text.h \
	lib/trap/trap.c
CPU_X86 = lib/trap/x86/insn.h lib/trap/x86/frame.c lib/trap/x86/cpu.c lib/trap/x86/cpu.h
CPU_ARM64 = lib/trap/arm64/insn.h lib/trap/arm64/cpu.c lib/trap/arm64/cpu.h
EMULATION_X86 = \
	lib/trap/x86/alu.c lib/trap/x86/alu.h \
	lib/trap/x86/cache.c \
	lib/trap/x86/compute.c \
	lib/trap/x86/decode.c lib/trap/x86/decode.h \
	lib/trap/x86/emulate.c lib/trap/x86/emulate.h \
	lib/trap/x86/rewrite.c \
	lib/trap/x86/run.c lib/trap/x86/run.h \
	lib/trap/x86/stack.c \
	lib/trap/x86/string.c \
	lib/trap/x86/vector.c
EMULATION_ARM64 = lib/trap/arm64/decode.c lib/trap/arm64/emulate.c
if TRAP_X86
lib_libtrap_la_SOURCES += $(CPU_X86)
if EMULATE
lib_libtrap_la_SOURCES += $(EMULATION_X86)
endif
endif
if TRAP_ARM64
lib_libtrap_la_SOURCES += $(CPU_ARM64) $(EMULATION_ARM64)
endif
if !TRAP_X86
if !TRAP_ARM64
lib_libtrap_la_SOURCES += lib/trap/nocpu.c
endif
endif
if !EMULATE
lib_libtrap_la_SOURCES += lib/trap/noemulate.c
endif
lib_libtrap_la_CFLAGS = $(AM_CFLAGS) $(ZYDIS_CFLAGS) -fvisibility=hidden
lib_libtrap_la_LIBADD = $(ZYDIS_LIBS)

# Functions are bound at load time: lazy binding in a signal handler would use a lot of its stack.
LIBRARY_LDFLAGS = $(SANITIZER) -version-info $(BARSPAN_LIBTOOL_VERSION) -no-undefined -Wl,-z,relro,-z,now,-z,defs,-z,nodelete

lib_LTLIBRARIES += libbarspan.la
libbarspan_la_SOURCES =
libbarspan_la_LIBADD = lib/libcore.la
libbarspan_la_LDFLAGS = $(LIBRARY_LDFLAGS) -Wl,--version-script=$(srcdir)/lib/libbarspan.map
libbarspan_la_DEPENDENCIES = lib/libcore.la lib/libbarspan.map

lib_LTLIBRARIES += libbarspan-trap.la
libbarspan_trap_la_SOURCES =
libbarspan_trap_la_LIBADD = lib/libtrap.la lib/libutil.la libbarspan.la
libbarspan_trap_la_LDFLAGS = $(LIBRARY_LDFLAGS) -Wl,--version-script=$(srcdir)/lib/libbarspan-trap.map $(ORIGIN_SAME_RPATH)
libbarspan_trap_la_DEPENDENCIES = lib/libtrap.la lib/libutil.la libbarspan.la lib/libbarspan-trap.map
EXTRA_DIST += lib/libbarspan.map lib/libbarspan-trap.map

# The object that `barspan run` preloads. Its run path is the directory above it, which has the libraries. Its .la
# file is not installed.
preloadexecdir = $(libdir)/barspan-$(BARSPAN_MAJOR)
if SHARED
preloadexec_LTLIBRARIES = libbarspan-preload.la
libbarspan_preload_la_SOURCES = \
	lib/preload/preload.c lib/preload/preload.h \
	lib/preload/descriptors.c \
	lib/preload/hide.c lib/preload/hide.h \
	lib/preload/ioctl.c \
	lib/preload/masks.c \
	lib/preload/memory.c \
	lib/preload/signals.c
libbarspan_preload_la_CPPFLAGS = -I$(top_srcdir)/include -I$(top_srcdir)/lib
libbarspan_preload_la_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER) -fvisibility=hidden
libbarspan_preload_la_LDFLAGS = $(SANITIZER) -module -avoid-version -shared $(ORIGIN_PARENT_RPATH)
libbarspan_preload_la_LIBADD = libbarspan-trap.la libbarspan.la

# It is linked again on installation, with the libraries at their installed path. The name of the target is in a
# variable, since Automake would take the rule as a replacement of its own.
install_preload = install-preloadexecLTLIBRARIES
$(install_preload): install-libLTLIBRARIES
install-exec-hook:
	rm -f '$(DESTDIR)$(preloadexecdir)/libbarspan-preload.la'
uninstall-hook:
	rm -f '$(DESTDIR)$(preloadexecdir)/libbarspan-preload.so'
	-rmdir '$(DESTDIR)$(preloadexecdir)' 2>/dev/null
endif

pkgconfig_DATA = lib/barspan.pc lib/barspan-trap.pc
