/* SPDX-License-Identifier: BSD-3-Clause */
/* The form of an instruction: what it does to memory, in terms of the
 * emulation. */
#ifndef TRAP_X86_FORM_H
#define TRAP_X86_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum form_kind {
	/* cannot be emulated; width, reads and writes may be known
	 * nevertheless */
	FORM_UNKNOWN,
	FORM_LOAD, /* op: enum form_extend */
	FORM_STORE,
	FORM_BINARY, /* op: enum alu */
	FORM_UNARY,
	FORM_BIT,
	FORM_XCHG,
	FORM_XADD,
	FORM_CMPXCHG,
	FORM_STRING,	  /* op: enum form_string */
	FORM_VECTOR_LOAD, /* op: enum form_vector */
	FORM_VECTOR_STORE,
	FORM_STACK,   /* op: enum form_stack */
	FORM_NOTHING, /* acts on caches only */
	FORM_RUN,     /* op: enum form_compute; runs out of line */
	FORM_KINDS,
};

enum form_extend { FORM_ZERO, FORM_SIGN, FORM_SWAP };
enum form_stack { FORM_PUSH, FORM_POP, FORM_CALL, FORM_JUMP };
enum form_compute { FORM_COMPUTE, FORM_DIVIDE, FORM_DIVIDE_SIGNED };
enum form_string { FORM_MOVS, FORM_STOS, FORM_LODS, FORM_CMPS, FORM_SCAS };

/* The part of the register that corresponds to memory, and the effect of a load
 * on the rest. */
enum form_vector {
	/* clears the rest of the xmm register, keeps the rest of a longer
	 * one */
	FORM_LOW,
	FORM_LOW_AVX,  /* clears the rest of the longest one */
	FORM_LOW_HALF, /* keeps the rest */
	FORM_HIGH_HALF,
};

enum form_other { FORM_NONE, FORM_REGISTER, FORM_HIGH_BYTE, FORM_IMMEDIATE };
enum form_repeat { FORM_ONCE, FORM_REP, FORM_REPNE };

enum { FORM_NO_REGISTER = 255 };

struct trap_form {
	uint8_t kind;
	uint8_t op;
	uint8_t length;	    /* of the instruction */
	uint8_t width;	    /* of the memory operand */
	bool reads, writes; /* memory */
	/* the memory operand is the first one, which is the destination if
	 * there is a result */
	bool memory_first;
	uint8_t repeat;

	uint8_t base, index; /* registers as in machine.h */
	uint8_t scale;
	uint8_t segment;
	bool address32;

	uint8_t other; /* enum form_other: the operand that is not in memory */
	uint8_t reg;
	uint8_t reg_width;

	uint8_t mask;	  /* the mask register of a vector operation; 0: none */
	uint8_t element;  /* bytes for each bit of the mask */
	bool zeroes;	  /* a load clears the elements that are masked out */
	bool uses_vector; /* uses a vector register */
	uint16_t code;	  /* number of the out-of-line code, see run_get() */
	int64_t displacement;
	uint64_t immediate;
};

/* Decodes an instruction. Returns false if there is none of at most `length`
 * bytes. Safe anywhere. */
bool form_decode(struct trap_form *out, const uint8_t *code, size_t length);

#endif
