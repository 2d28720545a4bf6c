/* SPDX-License-Identifier: BSD-3-Clause */
/* On architectures without support, accesses are explained and reported, and
 * nothing is known of the signal frame. */
#include "trap/cpu.h"

#include <string.h>

uintptr_t cpu_pc(const ucontext_t *context)
{
	(void)context;
	return 0;
}

uintptr_t cpu_sp(const ucontext_t *context)
{
	(void)context;
	return UINTPTR_MAX;
}

enum cpu_access cpu_access(const ucontext_t *context)
{
	(void)context;
	return CPU_UNKNOWN;
}

void cpu_prepare(void)
{
}

void cpu_set_flags_by_code(ucontext_t *context)
{
	(void)context;
}

long cpu_copy_one(void *to, const void *from, size_t width)
{
	memcpy(to, from, width);
	return 0;
}

long cpu_copy_failed(void *to, const void *from, size_t width)
{
	(void)to;
	(void)from;
	(void)width;
	return -1;
}

void cpu_set_pc(ucontext_t *context, uintptr_t pc)
{
	(void)context;
	(void)pc;
}

void cpu_get_fault_registers(const ucontext_t *context, long long *registers)
{
	(void)context;
	(void)registers;
}

void cpu_set_fault_registers(ucontext_t *context, const long long *registers)
{
	(void)context;
	(void)registers;
}
