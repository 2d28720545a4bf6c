/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TRAP_EXPLAIN_H
#define TRAP_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "span/registry.h"
#include "trap/insn.h"

/* An access to a hole that the trap does not serve. */
struct explain {
	uintptr_t pc; /* 0: unknown */
	uintptr_t address;
	struct registry_range range;
	const struct insn *insn; /* NULL: unknown */
	bool reads, writes;	 /* both false: unknown */
	bool emulating;		 /* not served because the instruction cannot be emulated */
};

/* Writes a line that describes the access and what to call instead. Safe
 * anywhere. */
void explain(int fd, const struct explain *what);

#endif
