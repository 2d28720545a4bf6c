# SPDX-License-Identifier: BSD-3-Clause

if TOOL
# All sources but main.c, for the program and for the tests of its parts.
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
	tools/run-check.c \
	tools/run-child.c tools/run-child.h \
	tools/run-counts.c tools/run-counts.h \
	tools/run-elf.c tools/run-elf.h \
	tools/run-find.c tools/run-find.h \
	tools/run-group.c tools/run-group.h \
	tools/run-report.c tools/run-report.h \
	tools/run-source.c tools/run-source.h \
	tools/register.c tools/register.h \
	tools/survey.c tools/survey.h \
	tools/svg.c tools/svg.h \
	tools/svg-scale.c tools/svg-scale.h \
	tools/target.c tools/target.h \
	tools/terminal.c tools/terminal.h \
	tools/tool.c tools/tool.h \
	tools/words.c tools/words.h \
	lib/util/sys.c lib/util/sys.h \
	lib/trap/rows.c lib/trap/rows.h \
	lib/trap/table.h \
	lib/trap/text.c lib/trap/text.h
tools_libparts_la_CPPFLAGS = -I$(top_srcdir)/include -I$(top_srcdir)/lib $(LIBDW_CPPFLAGS) \
	-DBINDIR='"$(bindir)"' -DPRELOADDIR='"$(preloadexecdir)"'
if SHARED
tools_libparts_la_CPPFLAGS += -DPRELOAD='"libbarspan-preload.so"'
else
tools_libparts_la_CPPFLAGS += -DPRELOAD='""'
endif
tools_libparts_la_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER) -fvisibility=hidden \
	$(JANSSON_CFLAGS) $(LIBDW_CFLAGS)
tools_libparts_la_LDFLAGS = $(SANITIZER)

# It has flags of its own: those that tests add to the common ones do not apply.
bin_PROGRAMS += barspan
barspan_SOURCES = tools/main.c
barspan_CPPFLAGS = -I$(top_srcdir)/include
barspan_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER)
barspan_LDFLAGS = $(SANITIZER) $(ORIGIN_RPATH)
barspan_LDADD = tools/libparts.la libbarspan-trap.la libbarspan.la $(JANSSON_LIBS) $(LIBDW_LIBS)

# bash-completion finds the file by the name of the program.
if BASH_COMPLETION
bashcompletion_DATA = tools/completions/barspan
endif
CLEANFILES += tools/completions/barspan
tools/completions/barspan: tools/barspan.bash
	$(AM_V_at)$(MKDIR_P) tools/completions
	$(AM_V_GEN)cp $(srcdir)/tools/barspan.bash $@
endif
EXTRA_DIST += tools/barspan.bash
