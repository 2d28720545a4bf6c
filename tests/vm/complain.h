/* SPDX-License-Identifier: BSD-3-Clause */
/* What a test says when something is wrong. */
#ifndef TESTS_VM_COMPLAIN_H
#define TESTS_VM_COMPLAIN_H

#include <stdint.h>
#include <stdlib.h>

/* Prints what is wrong, and counts it; after too many of them the program ends.
 * May be called from any thread. */
void complain(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* 1 when there was any complaint, else 0. */
int complain_status(void);

/* Goes on after a failure. */
#define EXPECT(condition, ...) \
	do { \
		if (!(condition)) \
			complain(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)

/* Does not: what comes would make no sense. */
#define NEED(condition, ...) \
	do { \
		if (!(condition)) { \
			complain(__FILE__, __LINE__, __VA_ARGS__); \
			exit(1); \
		} \
	} while (0)

void expect_equal(const char *file, int line, const char *what, uint64_t value, uint64_t wanted);
#define EXPECT_EQUAL(value, wanted) expect_equal(__FILE__, __LINE__, #value, value, wanted)

/* `wanted` is "0" or an error's name, such as "EIO", without the minus sign. */
void expect_error(const char *file, int line, const char *what, int r, const char *wanted);
#define EXPECT_ERROR(call, wanted) expect_error(__FILE__, __LINE__, #call, call, wanted)

#endif
