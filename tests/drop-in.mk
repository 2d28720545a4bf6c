# SPDX-License-Identifier: BSD-3-Clause

# Grade three of the drop-in: programs that are not changed.
DRIVERS = tests/confined tests/descriptors tests/handlers tests/legacy-driver tests/masks tests/placing-driver
if TOOL
if EMULATE
if !SANITIZED
TESTS += tests/drop-in.sh
check_PROGRAMS += $(DRIVERS) tests/static-program
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
tests_confined_SOURCES = tests/confined.c
tests_confined_CPPFLAGS =
tests_confined_CFLAGS = -std=gnu11 $(WARNINGS)
tests_confined_LDFLAGS =
tests_confined_LDADD =
tests_descriptors_SOURCES = tests/descriptors.c tests/refuse.h
tests_descriptors_CPPFLAGS =
tests_descriptors_CFLAGS = -std=gnu11 $(WARNINGS)
tests_descriptors_LDFLAGS =
tests_descriptors_LDADD =
tests_handlers_SOURCES = tests/handlers.c tests/drive.c tests/drive.h
tests_handlers_CPPFLAGS =
tests_handlers_CFLAGS = -std=gnu11 $(WARNINGS) -Wno-deprecated-declarations
tests_handlers_LDFLAGS =
tests_handlers_LDADD =
tests_masks_SOURCES = tests/masks.c tests/drive.c tests/drive.h
tests_masks_CPPFLAGS =
tests_masks_CFLAGS = -std=gnu11 $(WARNINGS) -Wno-deprecated-declarations
tests_masks_LDFLAGS =
tests_masks_LDADD =
tests_placing_driver_SOURCES = tests/placing-driver.c tests/refuse.h
tests_placing_driver_CPPFLAGS =
tests_placing_driver_CFLAGS = -std=gnu11 $(WARNINGS)
tests_placing_driver_LDFLAGS =
tests_placing_driver_LDADD =
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
