/* SPDX-License-Identifier: BSD-3-Clause */
/* What all test programs share. They print TAP. */
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

/* Runs a suite; returns what main() shall. */
int harness_run(Suite *suite);

/* Adds a case of one or more tests, the names of which end with NULL, with time
 * enough for valgrind. */
void harness_add(Suite *suite, const char *name, const TTest *const *tests);

/* The same, with functions that run before and after each test, in the test's
 * process. Either may be NULL. A failure in them fails the test. */
void harness_add_with(Suite *suite, const char *name, void (*set_up)(void), void (*tear_down)(void),
		      const TTest *const *tests);

/* The same for one test that runs for each row of a table: _i is 0 to
 * rows - 1. */
void harness_add_rows(Suite *suite, const char *name, void (*set_up)(void), void (*tear_down)(void),
		      const TTest *test, int rows);

/* Whether the program runs under valgrind or a sanitizer, where much takes
 * longer or cannot be measured. */
bool harness_instrumented(void);

/* A software device of `n` regions. */
int harness_open_soft(struct barspan_device **out, const struct barspan_soft_region *regions,
		      size_t n);

/* A pseudo-random number; the same seed gives the same sequence
 * (SplitMix64). */
uint64_t harness_random(uint64_t *state);

/* The process's mappings and descriptors as a text, to be compared; the caller
 * frees it. Addresses of the heap and of what the C library maps on its own are
 * left out. */
char *harness_snapshot(void);

/* Fails if the snapshot *before is not the present one. Frees it, and makes it
 * NULL. */
void harness_expect_unchanged(char **before);

/* The lines of /proc/self/maps for [address, address + length), cut to it. The
 * caller frees it. */
char *harness_maps_of(const volatile void *address, size_t length);

/* How many mappings lie in that range, or touch it. */
size_t harness_count_maps(const volatile void *address, size_t length);

/* Where the first mapping of the file with this name in /proc/self/maps begins;
 * NULL: there is none. */
char *harness_find_map(const char *name);

/* The value of a line such as "VmRSS:" in /proc/self/status, in bytes. */
uint64_t harness_status(const char *name);

/* How many mappings the kernel lets a process have (vm.max_map_count); 0:
 * unknown. */
size_t harness_map_limit(void);

/* How many extents of a span have this reason. */
size_t harness_count_extents(const struct barspan *span, enum barspan_reason reason);

/* The messages of the library since harness_listen(), a line each, and how many
 * there were at each level. */
extern char harness_message[4096];
extern unsigned int harness_messages[3];
void harness_listen(void);

/* An access that faults: whether one byte at the address can be read, written.
 * Not for device registers. */
bool harness_can_read(const volatile void *address);
bool harness_can_write(volatile void *address);

#define ck_assert_zero(expression) ck_assert_int_eq((expression), 0)

/* ck_assert_msg() for long loops: libcheck's own writes to a file each time,
 * and this one when it fails. */
#define harness_assert_msg(condition, ...) \
	do { \
		if (!(condition)) \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

#endif
