/* SPDX-License-Identifier: BSD-3-Clause */
/* struct trap_form of this architecture: an instruction's effect on memory. All
 * have the members kind (FORM_UNKNOWN: not emulated), length, width, reads,
 * writes and uses_vector. */
#ifndef TRAP_FORM_H
#define TRAP_FORM_H

#if defined(__aarch64__)
#include "trap/arm64/form.h"
#elif defined(__x86_64__) && !defined(__ILP32__)
#include "trap/x86/form.h"
#else
#include <stdbool.h>
#include <stdint.h>

enum { FORM_UNKNOWN };

struct trap_form {
	uint8_t kind, length, width;
	bool reads, writes, uses_vector;
};
#endif

#endif
