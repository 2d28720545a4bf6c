/* SPDX-License-Identifier: BSD-3-Clause */
/* Replaces the emulation where it is not available. */
#include "trap/emulate.h"

#include <errno.h>

int emulate_load(void)
{
	return -EOPNOTSUPP;
}

enum emulate_result emulate(struct emulation *emulation)
{
	(void)emulation;
	return EMULATE_UNKNOWN;
}

bool emulate_find(struct emulation *emulation)
{
	(void)emulation;
	return false;
}

bool insn_at(struct insn *out, uintptr_t pc, const stack_t *alternate)
{
	(void)out;
	(void)pc;
	(void)alternate;
	return false;
}
