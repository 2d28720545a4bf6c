/* SPDX-License-Identifier: BSD-3-Clause */
/* Random instructions of every form that the trap emulates, with registers such
 * that they access a given place. */
#ifndef INSN_CASES_H
#define INSN_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine.h"

enum {
	INSN_CASES_PAGE = 4096,
	INSN_CASES_PAGES = 4,
	INSN_CASES_SIZE = INSN_CASES_PAGES * INSN_CASES_PAGE,
	INSN_CASES_GS_BASE = 0x12340000
};

/* Within reach of 32-bit addresses and of code: pages 1 and 3 of those at
 * INSN_CASES_BASE shall be the holes; there is memory on both sides of all of
 * them. The gs segment shall begin at INSN_CASES_GS_BASE. */
#define INSN_CASES_CODE ((uintptr_t)0x30000000)
#define INSN_CASES_BASE ((uintptr_t)0x30100000)

struct example {
	uint8_t code[15];
	uint8_t length;
	struct machine before, after;
	uint64_t traps; /* accesses that were served */
	uint64_t hash;	/* of all memory */
};

/* How many forms there are, string instructions being the last. */
size_t insn_cases_count(void);

/* Makes an example of a form; false: this processor has no such instruction. */
bool insn_cases_make(struct example *example, size_t form, uint64_t *seed);

/* A name for messages. */
const char *insn_cases_name(size_t form);

#endif
