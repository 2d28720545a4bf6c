# SPDX-License-Identifier: BSD-3-Clause

# Grade three of the drop-in: a program that is not changed.
if TOOL
if EMULATE
if !SANITIZED
TESTS += tests/drop-in.sh
check_PROGRAMS += tests/legacy-driver tests/static-program
check_LTLIBRARIES += tests/play-vfio.la

RUN_TESTS = tests/tool/run-meets.sh tests/tool/run-report.sh tests/tool/run-signals.sh
TESTS += $(RUN_TESTS)
$(RUN_TESTS:.sh=.log): barspan tests/play-vfio.la
check_PROGRAMS += tests/tool/run-driver tests/tool/on-terminal
tests_tool_run_driver_SOURCES = tests/tool/run-driver.c
tests_tool_run_driver_CPPFLAGS =
tests_tool_run_driver_CFLAGS = -std=gnu11 $(WARNINGS) -g
tests_tool_run_driver_LDFLAGS =
tests_tool_run_driver_LDADD =
tests_tool_on_terminal_SOURCES = tests/tool/on-terminal.c
tests_tool_on_terminal_CPPFLAGS =
tests_tool_on_terminal_CFLAGS = -std=gnu11 $(WARNINGS)
tests_tool_on_terminal_LDFLAGS =
tests_tool_on_terminal_LDADD = -lutil

tests_legacy_driver_SOURCES = tests/legacy-driver.c
tests_legacy_driver_CPPFLAGS =
tests_legacy_driver_CFLAGS = -std=gnu11 $(WARNINGS)
tests_legacy_driver_LDFLAGS =
tests_legacy_driver_LDADD =
tests_static_program_SOURCES = tests/static-program.c
tests_static_program_CPPFLAGS =
tests_static_program_CFLAGS = -std=gnu11 $(WARNINGS)
tests_static_program_LDFLAGS = -all-static
tests_static_program_LDADD =
# A shared object, though it is not installed.
tests_play_vfio_la_SOURCES = tests/play-vfio.c
tests_play_vfio_la_CPPFLAGS =
tests_play_vfio_la_CFLAGS = -std=gnu11 $(WARNINGS)
tests_play_vfio_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
endif
endif
endif
EXTRA_DIST += tests/drop-in.sh tests/tool/run-meets.sh tests/tool/run-report.sh tests/tool/run-signals.sh
