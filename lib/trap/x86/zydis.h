/* SPDX-License-Identifier: BSD-3-Clause */
/* Zydis, for the two files that know it. */
#ifndef TRAP_ZYDIS_H
#define TRAP_ZYDIS_H

#include <Zydis/Zydis.h>

#include "trap/x86/form.h"

/* The functions of the library, once form_load_decoder() has loaded it. */
struct zydis {
	__typeof__(ZydisDecoderInit) *init;
	__typeof__(ZydisDecoderDecodeFull) *decode;
	__typeof__(ZydisRegisterGetLargestEnclosing) *enclosing;
	__typeof__(ZydisRegisterGetClass) *class_of;
	__typeof__(ZydisRegisterGetId) *id_of;
};

extern struct zydis zydis;

struct decoded {
	ZydisDecodedInstruction instruction;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

/* Makes the form one that runs out of line, and adds its code. `memory` is the
 * operand in memory. False: the instruction is not one that can be moved. */
bool rewrite(struct trap_form *form, const struct decoded *decoded,
	     const ZydisDecodedOperand *memory, const uint8_t *code);

#endif
