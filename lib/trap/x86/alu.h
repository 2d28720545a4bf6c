/* SPDX-License-Identifier: BSD-3-Clause */
/* Arithmetic of emulated instructions. Each function executes the instruction
 * itself, which yields the processor's own flags. */
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

/* Returns the result of `width` bytes (1, 2, 4, 8). *flags holds the flags
 * before and after. */
uint64_t alu(enum alu operation, unsigned int width, uint64_t a, uint64_t b, uint64_t *flags);

#endif
