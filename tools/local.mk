# SPDX-License-Identifier: BSD-3-Clause

if TOOL
# All but main(), for the program and for the tests of its parts.
noinst_LTLIBRARIES += tools/libparts.la
tools_libparts_la_SOURCES = \
	tools/arguments.c tools/arguments.h \
	tools/command.h \
	tools/cmd-demo.c \
	tools/cmd-dump.c \
	tools/cmd-query.c \
	tools/cmd-read.c \
	tools/cmd-run.c \
	tools/cmd-show.c \
	tools/cmd-write.c \
	tools/hexdump.c tools/hexdump.h \
	tools/json.c tools/json.h \
	tools/maps.c tools/maps.h \
	tools/parse.c tools/parse.h \
	tools/picture.c tools/picture.h \
	tools/progress.c tools/progress.h \
	tools/report.c tools/report.h \
	tools/register.c tools/register.h \
	tools/survey.c tools/survey.h \
	tools/svg.c tools/svg.h \
	tools/svg-scale.c tools/svg-scale.h \
	tools/target.c tools/target.h \
	tools/terminal.c tools/terminal.h \
	tools/tool.c tools/tool.h \
	tools/words.c tools/words.h
tools_libparts_la_CPPFLAGS = -I$(top_srcdir)/include \
	-DPKGLIBDIR='"$(pkglibdir)"' -DPRELOAD='"libbarspan-preload.so"'
tools_libparts_la_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER) $(JANSSON_CFLAGS)
tools_libparts_la_LDFLAGS = $(SANITIZER)

# Its flags are its own: what the tests add to the common ones is not for it.
bin_PROGRAMS += barspan
barspan_SOURCES = tools/main.c
barspan_CPPFLAGS = -I$(top_srcdir)/include
barspan_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER)
barspan_LDFLAGS = $(SANITIZER)
barspan_LDADD = tools/libparts.la libbarspan.la $(JANSSON_LIBS)
endif
