/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TRAP_EXPLAIN_H
#define TRAP_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "span/registry.h"
#include "trap/x86/form.h"

/* An access to a hole that is not served. */
struct explain {
	uintptr_t pc; /* 0: unknown */
	uintptr_t address;
	struct registry_range range;
	const struct trap_form *form; /* NULL: unknown */
	bool reads, writes;	      /* neither: unknown */
	bool emulating;		      /* it is not served because the instruction is not known */
};

/* Writes the line that says what happened and what to do. Safe anywhere. */
void explain(int fd, const struct explain *what);

#endif
