# SPDX-License-Identifier: BSD-3-Clause

TEST_EXTENSIONS = .sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)

if TOOL

# Tests of the program's commands.
TOOL_TESTS = \
	tests/tool/usage.sh \
	tests/tool/show.sh \
	tests/tool/svg.sh \
	tests/tool/query.sh \
	tests/tool/access.sh \
	tests/tool/dump.sh \
	tests/tool/terminal.sh \
	tests/tool/demo.sh \
	tests/tool/help.sh \
	tests/tool/answer.sh \
	tests/tool/pipe.sh \
	tests/tool/completion.sh
TESTS += $(TOOL_TESTS)
EXTRA_DIST += $(TOOL_TESTS) tests/tool/program.sh
$(TOOL_TESTS:.sh=.log): barspan tests/tool/json-check $(PRELOAD_FAULTS)

# Compares JSON with expected values.
check_PROGRAMS += tests/tool/json-check
tests_tool_json_check_SOURCES = tests/tool/json-check.c
tests_tool_json_check_CPPFLAGS =
tests_tool_json_check_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER) $(JANSSON_CFLAGS)
tests_tool_json_check_LDFLAGS = $(SANITIZER)
tests_tool_json_check_LDADD = $(JANSSON_LIBS)

# A preloaded object that makes system calls fail.
if SHARED
PRELOAD_FAULTS = tests/tool/ld-preload-faults.la
check_LTLIBRARIES += $(PRELOAD_FAULTS)
tests_tool_ld_preload_faults_la_SOURCES = tests/tool/ld-preload-faults.c
tests_tool_ld_preload_faults_la_CPPFLAGS =
tests_tool_ld_preload_faults_la_CFLAGS = -std=gnu11 $(WARNINGS)
tests_tool_ld_preload_faults_la_LDFLAGS = -module -shared -avoid-version -rpath /nowhere
endif

if HAVE_CHECK
# The parts that need no device.
TOOL_SUITES = tests/tool/test-parse tests/tool/test-draw tests/tool/test-run
check_PROGRAMS += $(TOOL_SUITES)
TESTS += $(TOOL_SUITES)

TOOL_SUITE_CPPFLAGS = -I$(top_srcdir)/include -I$(top_srcdir)/lib -I$(top_srcdir)/tools
TOOL_SUITE_CFLAGS = -std=gnu11 $(WARNINGS) $(SANITIZER) $(CHECK_CFLAGS)
TOOL_SUITE_LIBS = tools/libparts.la libbarspan-trap.la libbarspan.la \
	$(JANSSON_LIBS) $(LIBDW_LIBS) $(CHECK_LIBS)

tests_tool_test_parse_SOURCES = tests/tool/test-parse.c tests/tool/suite.h
tests_tool_test_parse_CPPFLAGS = $(TOOL_SUITE_CPPFLAGS)
tests_tool_test_parse_CFLAGS = $(TOOL_SUITE_CFLAGS)
tests_tool_test_parse_LDFLAGS = $(SANITIZER)
tests_tool_test_parse_LDADD = $(TOOL_SUITE_LIBS)

tests_tool_test_draw_SOURCES = tests/tool/test-draw.c tests/tool/suite.h
tests_tool_test_draw_CPPFLAGS = $(TOOL_SUITE_CPPFLAGS)
tests_tool_test_draw_CFLAGS = $(TOOL_SUITE_CFLAGS)
tests_tool_test_draw_LDFLAGS = $(SANITIZER)
tests_tool_test_draw_LDADD = $(TOOL_SUITE_LIBS)

tests_tool_test_run_SOURCES = tests/tool/test-run.c tests/tool/suite.h
tests_tool_test_run_CPPFLAGS = $(TOOL_SUITE_CPPFLAGS)
tests_tool_test_run_CFLAGS = $(TOOL_SUITE_CFLAGS)
tests_tool_test_run_LDFLAGS = $(SANITIZER)
tests_tool_test_run_LDADD = $(TOOL_SUITE_LIBS)
endif
endif
