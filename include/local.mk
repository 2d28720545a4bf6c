# SPDX-License-Identifier: BSD-3-Clause
include_HEADERS = include/barspan.h
barspanincludedir = $(includedir)/barspan
barspaninclude_HEADERS = \
	include/barspan/device.h \
	include/barspan/guard.h \
	include/barspan/io.h \
	include/barspan/log.h \
	include/barspan/mmap.h \
	include/barspan/ptr.h \
	include/barspan/soft.h \
	include/barspan/span.h \
	include/barspan/trap.h
barspaninlinedir = $(barspanincludedir)/inline
barspaninline_HEADERS = \
	include/barspan/inline/guard.h \
	include/barspan/inline/io.h \
	include/barspan/inline/macros.h \
	include/barspan/inline/ptr.h
