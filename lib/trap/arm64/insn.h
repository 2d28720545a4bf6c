/* SPDX-License-Identifier: BSD-3-Clause */
/* A load or store of A64 in the terms of the emulation. Encodings are those of
 * the Arm Architecture Reference Manual (DDI 0487), C4.1, "Loads and Stores". */
#ifndef TRAP_ARM64_INSN_H
#define TRAP_ARM64_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum insn_kind {
	INSN_UNKNOWN, /* not emulated; width, reads and writes may still be known */
	INSN_LOAD,
	INSN_STORE,
	INSN_VECTOR_LOAD,
	INSN_VECTOR_STORE,
	INSN_ATOMIC, /* op: enum insn_atomic; reg = memory, memory = memory op source */
	INSN_COMPARE_SWAP,
	INSN_KINDS,
};

/* In the order of the field opc, and INSN_SWAP last. */
enum insn_atomic {
	INSN_ADD,
	INSN_CLEAR,
	INSN_XOR,
	INSN_SET,
	INSN_SIGNED_MAX,
	INSN_SIGNED_MIN,
	INSN_UNSIGNED_MAX,
	INSN_UNSIGNED_MIN,
	INSN_SWAP,
};

enum insn_writeback { INSN_OFFSET, INSN_PRE_INDEX, INSN_POST_INDEX };

/* Register 31 is the stack pointer as a base, and zero elsewhere. */
enum { INSN_REGISTER_31 = 31, INSN_PC = 32, INSN_NO_REGISTER = 255 };

/* Registers of one instruction, at most. */
enum { INSN_REGISTERS = 4 };

struct insn {
	uint8_t kind;
	uint8_t op;
	uint8_t length;	    /* of the instruction, in bytes */
	uint8_t width;	    /* of the whole memory operand, in bytes */
	bool reads, writes; /* memory */
	bool uses_vector;

	uint8_t base, index;
	uint8_t extend;	   /* of index: the field "option" */
	uint8_t shift;	   /* of index, to the left */
	uint8_t writeback; /* enum insn_writeback */
	int64_t displacement;

	uint8_t n; /* registers; each takes width / n bytes of memory */
	uint8_t registers[INSN_REGISTERS];
	uint8_t source;	     /* of INSN_ATOMIC; INSN_COMPARE_SWAP compares with it */
	uint8_t sign_extend; /* a load: to so many bytes; 0: it is zero-extended */
};

/* Decodes an instruction. False: it is no load or store. Safe anywhere. */
bool insn_decode(struct insn *out, uint32_t code);

#endif
