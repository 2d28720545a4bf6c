/* SPDX-License-Identifier: BSD-3-Clause */
/* push, pop, call and jmp through memory. */
#include "trap/x86/emulate.h"

#include <asm/prctl.h>

#include "trap/x86/cpu.h"
#include "trap/memcheck.h"
#include "trap/memory.h"
#include "util/sys.h"

#ifndef ARCH_SHSTK_STATUS
#define ARCH_SHSTK_STATUS 0x5005
#endif

static bool push_value(struct emulation *e, uint64_t value, size_t width)
{
	uint64_t rsp = cpu_get(e->context, CPU_RSP) - width;

	if (!memory_write(e->pc, rsp, &value, width, &e->fault))
		return false;
	cpu_set(e->context, CPU_RSP, rsp);
	return true;
}

static bool pop_value(struct emulation *e, uintptr_t address)
{
	uint64_t rsp = cpu_get(e->context, CPU_RSP), value = 0;

	if (!memory_read(e->pc, rsp, &value, e->insn.width, &e->fault) ||
	    !memory_write(e->pc, address, &value, e->insn.width, &e->fault))
		return false;
	cpu_set(e->context, CPU_RSP, rsp + e->insn.width);
	return true;
}

/* With a shadow stack the emulation cannot push return addresses. */
bool emulate_has_stack(void)
{
	unsigned long features = 0;

	return memcheck_is_there() || sys_arch_prctl(ARCH_SHSTK_STATUS, &features) ||
	       !(features & 1);
}

bool emulate_stack(struct emulation *e, uintptr_t address)
{
	uint64_t value = 0;

	if (e->insn.op == INSN_POP)
		return pop_value(e, address);
	if (!memory_read(e->pc, address, &value, e->insn.width, &e->fault))
		return false;
	if (e->insn.op == INSN_PUSH)
		return push_value(e, value, e->insn.width);
	if (e->insn.op == INSN_CALL && !push_value(e, e->next, sizeof(e->next)))
		return false;
	e->next = value;
	return true;
}
