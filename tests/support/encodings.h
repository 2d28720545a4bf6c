/* SPDX-License-Identifier: BSD-3-Clause */
/* Every opcode of every encoding, with random operands in memory: those that
 * the trap serves, with registers to access a given place. */
#ifndef ENCODINGS_H
#define ENCODINGS_H

#include "insn-cases.h"
#include "trap/x86/form.h"

struct encoding {
	struct example example;
	struct trap_form form;
	char name[24]; /* the mnemonic */
};

/* How many there are, served or not. */
size_t encodings_count(void);

/* Makes the i-th. False: the trap does not serve it, or not as one access. */
bool encodings_make(struct encoding *encoding, size_t i, uint64_t *seed);

/* Sets registers to access an address; `operand` is the place of the operand's
 * first byte. False: the registers depend on each other. */
bool encodings_aim(struct encoding *encoding, uintptr_t operand, uint64_t *seed);

#endif
