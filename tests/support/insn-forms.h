/* SPDX-License-Identifier: BSD-3-Clause */
/* The forms of instructions that insn-cases.c makes examples of, except string
 * instructions. */
#ifndef INSN_FORMS_H
#define INSN_FORMS_H

#include <Zydis/Zydis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shape {
	LOAD,
	STORE,
	STORE_IMMEDIATE,
	EXTEND,
	BINARY,
	UNARY,
	BITS,
	EXCHANGE,
	VECTOR_LOAD,
	VECTOR_STORE,
};

struct form {
	ZydisMnemonic mnemonic;
	enum shape shape;
	uint8_t widths; /* a bit for each width of the memory operand */
	uint8_t vector; /* the register's width if it is a vector register, or 0 */
	bool aligned, evex;
	uint8_t to; /* EXTEND: the smallest width of the destination */
};

/* The i-th form; NULL: i is not less than insn_forms_count(). */
const struct form *insn_forms_get(size_t i);
size_t insn_forms_count(void);

/* Whether this processor has the form's instruction. */
bool insn_forms_supported(const struct form *form);

#endif
