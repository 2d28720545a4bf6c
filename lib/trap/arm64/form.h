/* SPDX-License-Identifier: BSD-3-Clause */
/* A load or store of A64 in the terms of the emulation. Encodings are those of
 * the Arm Architecture Reference Manual (DDI 0487), C4.1, "Loads and Stores". */
#ifndef TRAP_ARM64_FORM_H
#define TRAP_ARM64_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum form_kind {
	FORM_UNKNOWN, /* not emulated; width, reads and writes may still be known */
	FORM_LOAD,
	FORM_STORE,
	FORM_VECTOR_LOAD,
	FORM_VECTOR_STORE,
	FORM_ATOMIC, /* op: enum form_atomic; reg = memory, memory = memory op source */
	FORM_COMPARE_SWAP,
	FORM_KINDS,
};

/* In the order of the field opc, and FORM_SWAP last. */
enum form_atomic {
	FORM_ADD,
	FORM_CLEAR,
	FORM_XOR,
	FORM_SET,
	FORM_SIGNED_MAX,
	FORM_SIGNED_MIN,
	FORM_UNSIGNED_MAX,
	FORM_UNSIGNED_MIN,
	FORM_SWAP,
};

enum form_writeback { FORM_OFFSET, FORM_PRE_INDEX, FORM_POST_INDEX };

/* Register 31 is the stack pointer as a base, and zero elsewhere. */
enum { FORM_REGISTER_31 = 31, FORM_PC = 32, FORM_NO_REGISTER = 255 };

/* Registers of one instruction, at most. */
enum { FORM_REGISTERS = 4 };

struct trap_form {
	uint8_t kind;
	uint8_t op;
	uint8_t length;	    /* of the instruction, in bytes */
	uint8_t width;	    /* of the whole memory operand, in bytes */
	bool reads, writes; /* memory */
	bool uses_vector;

	uint8_t base, index;
	uint8_t extend;	   /* of index: the field "option" */
	uint8_t shift;	   /* of index, to the left */
	uint8_t writeback; /* enum form_writeback */
	int64_t displacement;

	uint8_t n; /* registers; each takes width / n bytes of memory */
	uint8_t registers[FORM_REGISTERS];
	uint8_t source;	     /* of FORM_ATOMIC; FORM_COMPARE_SWAP compares with it */
	uint8_t sign_extend; /* a load: to so many bytes; 0: it is zero-extended */
};

/* Decodes an instruction. False: it is no load or store. Safe anywhere. */
bool form_decode(struct trap_form *out, uint32_t code);

#endif
