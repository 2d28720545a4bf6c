/* SPDX-License-Identifier: BSD-3-Clause */
/* Enumerates every opcode of every encoding, with random operands in memory,
 * and keeps the instructions that the trap serves. Sets registers to make them
 * access a given address. */
#ifndef ENCODINGS_H
#define ENCODINGS_H

#include "insn-cases.h"
#include "trap/x86/insn.h"

struct encoding {
	struct example example;
	struct insn insn;
	char name[24]; /* the mnemonic */
};

/* The number of encodings, served or not. */
size_t encodings_count(void);

/* Makes the i-th encoding. Returns false if the trap does not serve it, or does
 * not serve it as a single access. */
bool encodings_make(struct encoding *encoding, size_t i, uint64_t *seed);

/* Sets registers to make the instruction access an address; `operand` is the
 * address of the operand's first byte. Returns false if the registers depend on
 * each other. */
bool encodings_aim(struct encoding *encoding, uintptr_t operand, uint64_t *seed);

#endif
