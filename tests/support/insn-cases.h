/* SPDX-License-Identifier: BSD-3-Clause */
/* Random instructions of every form that the trap emulates. Their registers
 * make them access a given address. */
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

/* Within reach of 32-bit addresses and of RIP-relative code. Tests make pages 1
 * and 3 at INSN_CASES_BASE holes, map memory on both sides of all pages, and
 * let the gs segment begin at INSN_CASES_GS_BASE. */
#define INSN_CASES_CODE ((uintptr_t)0x30000000)
#define INSN_CASES_BASE ((uintptr_t)0x30100000)

struct example {
	uint8_t code[15];
	uint8_t length;
	struct machine before, after;
	uint64_t traps; /* served accesses */
	uint64_t hash;	/* of all memory */
};

/* The number of forms. String instructions are the last one. */
size_t insn_cases_count(void);

/* Makes an example of a form. Returns false if this processor does not have the
 * instruction. */
bool insn_cases_make(struct example *example, size_t form, uint64_t *seed);

/* The form's name, for messages. */
const char *insn_cases_name(size_t form);

#endif
