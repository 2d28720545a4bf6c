/* SPDX-License-Identifier: BSD-3-Clause */
/* What the processor computes: each function is the one instruction, so that
 * its flags are the processor's, too. */
#ifndef TRAP_ALU_H
#define TRAP_ALU_H

#include <stdint.h>

enum alu {
	/* of a and b */
	ALU_ADD,
	ALU_OR,
	ALU_ADC,
	ALU_SBB,
	ALU_AND,
	ALU_SUB,
	ALU_XOR,
	ALU_CMP,
	ALU_TEST,
	ALU_BT,
	ALU_BTS,
	ALU_BTR,
	ALU_BTC, /* bit b of a; not for one byte */
	ALU_NOT,
	ALU_NEG,
	ALU_INC,
	ALU_DEC, /* of a */
	ALU_OPERATIONS,
};

/* The result, of `width` bytes (1, 2, 4, 8); `*flags` are those before and
 * after. */
uint64_t alu(enum alu operation, unsigned int width, uint64_t a, uint64_t b, uint64_t *flags);

#endif
