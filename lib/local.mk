# SPDX-License-Identifier: BSD-3-Clause

# CURRENT:REVISION:AGE of the interface; the inline functions' structures are part of it.
BARSPAN_LIBTOOL_VERSION = 0:0:0

# All of the library, for itself and for tests that look inside.
noinst_LTLIBRARIES += lib/libcore.la
lib_libcore_la_SOURCES = \
	lib/capability.c lib/capability.h \
	lib/device.c lib/device.h \
	lib/guard.c lib/guard.h \
	lib/interval.c lib/interval.h \
	lib/io.c \
	lib/layout.c lib/layout.h \
	lib/log.c lib/log.h \
	lib/marked.c lib/marked.h \
	lib/msix.c lib/msix.h \
	lib/pci.c lib/pci.h \
	lib/pieces.c \
	lib/place.c lib/place.h \
	lib/sized.c lib/sized.h \
	lib/soft.c \
	lib/span.c lib/span.h \
	lib/suspend.c \
	lib/sys.c lib/sys.h \
	lib/version.c \
	lib/vfio.c
lib_libcore_la_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden

lib_LTLIBRARIES += libbarspan.la
libbarspan_la_SOURCES =
libbarspan_la_LIBADD = lib/libcore.la
libbarspan_la_LDFLAGS = $(SANITIZER) -version-info $(BARSPAN_LIBTOOL_VERSION) -no-undefined \
	-Wl,--version-script=$(srcdir)/lib/libbarspan.map -Wl,-z,relro,-z,now,-z,defs
libbarspan_la_DEPENDENCIES = lib/libcore.la lib/libbarspan.map
EXTRA_DIST += lib/libbarspan.map

pkgconfig_DATA = lib/barspan.pc
