/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs one arm64 instruction from a given state of the registers, and tells the
 * state that it leaves. */
#ifndef ARM64_MACHINE_H
#define ARM64_MACHINE_H

#include <stdint.h>

/* x28 holds the state's address and x27 that of the code, so instructions must not
 * use them. */
enum { ARM64_RESERVED = 27 }; /* and the next one */

struct arm64_state {
	uint64_t x[31];
	uint64_t sp;
	uint8_t v[32][16];
	uint64_t own_sp; /* of arm64_run() */
};

/* Makes a page for code at an address. */
void arm64_make_code(void *address);

/* Runs one instruction in that page, at its start, and replaces the state by
 * the one that it leaves. */
void arm64_run(struct arm64_state *state, uint32_t instruction);

#endif
