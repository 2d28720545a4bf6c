/* SPDX-License-Identifier: BSD-3-Clause */
/* An x86-64 instruction in terms of the emulation: its effect on memory. */
#ifndef TRAP_X86_INSN_H
#define TRAP_X86_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum insn_kind {
	/* cannot be emulated; width, reads and writes may be known
	 * nevertheless */
	INSN_UNKNOWN,
	INSN_LOAD, /* op: enum insn_extend */
	INSN_STORE,
	INSN_BINARY, /* op: enum alu */
	INSN_UNARY,
	INSN_BIT,
	INSN_XCHG,
	INSN_XADD,
	INSN_CMPXCHG,
	INSN_STRING,	  /* op: enum insn_string */
	INSN_VECTOR_LOAD, /* op: enum insn_vector */
	INSN_VECTOR_STORE,
	INSN_STACK,   /* op: enum insn_stack */
	INSN_NOTHING, /* acts on caches only */
	INSN_RUN,     /* op: enum insn_compute; runs out of line */
	INSN_KINDS,
};

enum insn_extend { INSN_ZERO, INSN_SIGN, INSN_SWAP };
enum insn_stack { INSN_PUSH, INSN_POP, INSN_CALL, INSN_JUMP };
enum insn_compute { INSN_COMPUTE, INSN_DIVIDE, INSN_DIVIDE_SIGNED };
enum insn_string { INSN_MOVS, INSN_STOS, INSN_LODS, INSN_CMPS, INSN_SCAS };

/* The part of the register that corresponds to memory, and the effect of a load
 * on the rest. */
enum insn_vector {
	/* clears the rest of the xmm register, keeps the rest of a longer
	 * one */
	INSN_LOW,
	INSN_LOW_AVX,  /* clears the rest of the longest one */
	INSN_LOW_HALF, /* keeps the rest */
	INSN_HIGH_HALF,
};

enum insn_operand2 { INSN_NONE, INSN_REGISTER, INSN_HIGH_BYTE, INSN_IMMEDIATE };
enum insn_repeat { INSN_ONCE, INSN_REP, INSN_REPNE };

enum { INSN_NO_REGISTER = 255 };

struct insn {
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

	uint8_t operand2; /* enum insn_operand2: the operand that is not in memory */
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
bool insn_decode(struct insn *out, const uint8_t *code, size_t length);

#endif
