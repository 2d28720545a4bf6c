/* SPDX-License-Identifier: BSD-3-Clause */
/* Reports failed expectations. */
#ifndef TESTS_VM_COMPLAIN_H
#define TESTS_VM_COMPLAIN_H

#include <stdint.h>
#include <stdlib.h>

/* Prints a failure and counts it. After too many failures the program ends. Any
 * thread may call it. */
void complain(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The exit status: 1 after any failure, else 0. */
int complain_status(void);

/* Continues after a failure. */
#define EXPECT(condition, ...) \
	do { \
		if (!(condition)) \
			complain(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)

/* Ends the program on a failure: later steps depend on the condition. */
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
