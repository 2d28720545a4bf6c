/* SPDX-License-Identifier: BSD-3-Clause */
/* Small functions. Each reads or writes a register through a volatile pointer,
 * as drivers do. */
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

/* Registers that hold code addresses point to this function. */
uint64_t target_function(uint64_t x);

#endif
