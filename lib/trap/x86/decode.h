/* SPDX-License-Identifier: BSD-3-Clause */
/* An instruction as Zydis describes it, for the two files that use Zydis. */
#ifndef TRAP_DECODE_H
#define TRAP_DECODE_H

#include <Zydis/Zydis.h>

#include "trap/x86/insn.h"

struct decoded {
	ZydisDecodedInstruction instruction;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

/* Makes `insn` one that runs out of line, and adds its code. `memory` is the
 * operand in memory. Returns false if the instruction cannot run out of
 * line. */
bool rewrite(struct insn *insn, const struct decoded *decoded, const ZydisDecodedOperand *memory,
	     const uint8_t *code);

#endif
