# SPDX-License-Identifier: BSD-3-Clause

# Unmodified drivers under barspan run.
DRIVERS = \
	tests/tool/confined \
	tests/tool/descriptors \
	tests/tool/handlers \
	tests/tool/legacy-driver \
	tests/tool/masks \
	tests/tool/placing-driver
if TOOL
if EMULATE
if SHARED
if !SANITIZED
TESTS += tests/tool/drop-in.sh
check_PROGRAMS += $(DRIVERS) tests/tool/static-program
check_LTLIBRARIES += tests/tool/fake-vfio.la

RUN_TESTS = tests/tool/run-commands.sh tests/tool/run-options.sh tests/tool/run-report.sh tests/tool/run-signals.sh
TESTS += $(RUN_TESTS)
$(RUN_TESTS:.sh=.log): barspan tests/tool/fake-vfio.la
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

tests_tool_legacy_driver_SOURCES = tests/tool/legacy-driver.c
tests_tool_legacy_driver_CPPFLAGS =
tests_tool_legacy_driver_CFLAGS = -std=gnu11 $(WARNINGS)
tests_tool_legacy_driver_LDFLAGS =
tests_tool_legacy_driver_LDADD =
tests_tool_confined_SOURCES = tests/tool/confined.c
tests_tool_confined_CPPFLAGS =
tests_tool_confined_CFLAGS = -std=gnu11 $(WARNINGS)
tests_tool_confined_LDFLAGS =
tests_tool_confined_LDADD =
tests_tool_descriptors_SOURCES = tests/tool/descriptors.c tests/tool/refuse.h
tests_tool_descriptors_CPPFLAGS =
tests_tool_descriptors_CFLAGS = -std=gnu11 $(WARNINGS)
tests_tool_descriptors_LDFLAGS =
tests_tool_descriptors_LDADD =
tests_tool_handlers_SOURCES = tests/tool/handlers.c tests/tool/drive.c tests/tool/drive.h
tests_tool_handlers_CPPFLAGS =
tests_tool_handlers_CFLAGS = -std=gnu11 $(WARNINGS) -Wno-deprecated-declarations
tests_tool_handlers_LDFLAGS =
tests_tool_handlers_LDADD =
tests_tool_masks_SOURCES = tests/tool/masks.c tests/tool/drive.c tests/tool/drive.h
tests_tool_masks_CPPFLAGS =
tests_tool_masks_CFLAGS = -std=gnu11 $(WARNINGS) -Wno-deprecated-declarations
tests_tool_masks_LDFLAGS =
tests_tool_masks_LDADD =
tests_tool_placing_driver_SOURCES = tests/tool/placing-driver.c tests/tool/refuse.h
tests_tool_placing_driver_CPPFLAGS =
tests_tool_placing_driver_CFLAGS = -std=gnu11 $(WARNINGS)
tests_tool_placing_driver_LDFLAGS =
tests_tool_placing_driver_LDADD =
tests_tool_static_program_SOURCES = tests/tool/static-program.c
tests_tool_static_program_CPPFLAGS =
tests_tool_static_program_CFLAGS = -std=gnu11 $(WARNINGS)
tests_tool_static_program_LDFLAGS = -all-static
tests_tool_static_program_LDADD =
# -rpath makes libtool build a shared object, although it is not installed.
tests_tool_fake_vfio_la_SOURCES = tests/tool/fake-vfio.c
tests_tool_fake_vfio_la_CPPFLAGS =
tests_tool_fake_vfio_la_CFLAGS = -std=gnu11 $(WARNINGS)
tests_tool_fake_vfio_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
endif
endif
endif
endif
EXTRA_DIST += \
	tests/tool/drop-in.sh \
	tests/tool/run-commands.sh \
	tests/tool/run-options.sh \
	tests/tool/run-report.sh \
	tests/tool/run-signals.sh
