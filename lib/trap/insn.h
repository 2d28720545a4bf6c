/* SPDX-License-Identifier: BSD-3-Clause */
/* struct insn of this architecture: an instruction's effect on memory. All
 * have the members kind (INSN_UNKNOWN: not emulated), length, width, reads,
 * writes and uses_vector. */
#ifndef TRAP_INSN_H
#define TRAP_INSN_H

#if defined(__aarch64__)
#include "trap/arm64/insn.h"
#elif defined(__x86_64__) && !defined(__ILP32__)
#include "trap/x86/insn.h"
#else
#include <stdbool.h>
#include <stdint.h>

enum { INSN_UNKNOWN };

struct insn {
	uint8_t kind, length, width;
	bool reads, writes, uses_vector;
};
#endif

#endif
