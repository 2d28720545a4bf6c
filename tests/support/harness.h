/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions that all test programs share. Test programs print TAP. */
#ifndef HARNESS_H
#define HARNESS_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <barspan.h>

/* Runs a suite. main() returns the result. */
int harness_run(Suite *suite);

/* Prints TAP that skips the whole program, with a reason. main() returns the
 * result. */
__attribute__((format(printf, 1, 2))) int harness_skip(const char *format, ...);

/* Runs act() in a child process. Returns the child's wait status. */
int harness_run_child(void (*act)(void));

/* Adds a case of one or more tests; NULL ends the list. The timeout is long
 * enough for valgrind. */
void harness_add(Suite *suite, const char *name, const TTest *const *tests);

/* Adds a case with functions that run before and after each test, in the test's
 * process. Either may be NULL. A failure in them fails the test. */
void harness_add_with(Suite *suite, const char *name, void (*set_up)(void), void (*tear_down)(void),
		      const TTest *const *tests);

/* Adds a case with one test that runs for each row of a table: _i is 0 to rows
 * - 1. */
void harness_add_rows(Suite *suite, const char *name, void (*set_up)(void), void (*tear_down)(void),
		      const TTest *test, int rows);

/* Whether the program runs under valgrind or a sanitizer. Time and memory
 * cannot be measured there. */
bool harness_instrumented(void);

/* Opens a software device with `n` regions. */
int harness_open_soft(struct barspan_device **out, const struct barspan_soft_region *regions,
		      size_t n);

/* A pseudo-random number; the same seed gives the same sequence
 * (SplitMix64). */
uint64_t harness_random(uint64_t *state);

/* The process's mappings and descriptors as a text, for comparison. The heap
 * and the C library's own mappings are left out. The caller frees the text. */
char *harness_snapshot(void);

/* Fails unless *before equals a new snapshot. Frees it, and sets it to NULL. */
void harness_expect_unchanged(char **before);

/* The lines of /proc/self/maps for [address, address + length), cut to that
 * range. The caller frees the text. */
char *harness_maps_of(const volatile void *address, size_t length);

/* The number of mappings in that range, or across its edges. */
size_t harness_count_maps(const volatile void *address, size_t length);

/* The start of the first mapping in /proc/self/maps of a file with this name;
 * NULL: none. */
char *harness_find_map(const char *name);

/* The value of a line such as "VmRSS:" in /proc/self/status, in bytes. */
uint64_t harness_status(const char *name);

/* The number of mappings that the kernel allows a process (vm.max_map_count);
 * 0: unknown. */
size_t harness_map_limit(void);

/* The number of a span's extents with this reason. */
size_t harness_count_extents(const struct barspan *span, enum barspan_reason reason);

/* The library's messages since harness_listen(), one a line, and the number of
 * messages at each level. */
extern char harness_message[4096];
extern unsigned int harness_messages[3];
void harness_listen(void);

/* Whether one byte at the address can be read, or written. The access may
 * fault. Not for device registers. */
bool harness_can_read(const volatile void *address);
bool harness_can_write(volatile void *address);

#define ck_assert_zero(expression) ck_assert_int_eq((expression), 0)

/* ck_assert_msg() for long loops. libcheck's macro writes to a file each time;
 * this one writes only if it fails. */
#define harness_assert_msg(condition, ...) \
	do { \
		if (!(condition)) \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

#endif
