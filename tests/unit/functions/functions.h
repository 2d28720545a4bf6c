/* SPDX-License-Identifier: BSD-3-Clause */
/* Small functions, each of which accesses a register as a driver may, by a
 * volatile pointer, and uses its value, or sets it to one. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t function(volatile void *reg, uint64_t x, uint64_t y);

struct named_function {
	const char *name;
	function *function;
};

extern const struct named_function functions[];
extern const size_t n_functions;

/* What registers point to that hold addresses of code. */
uint64_t target_function(uint64_t x);

#endif
