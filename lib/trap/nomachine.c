/* SPDX-License-Identifier: BSD-3-Clause */
/* On architectures without support, accesses are explained and reported, and
 * nothing is known of the signal frame. */
#include "trap/machine.h"

#include <string.h>

uintptr_t machine_pc(const ucontext_t *context)
{
	(void)context;
	return 0;
}

uintptr_t machine_sp(const ucontext_t *context)
{
	(void)context;
	return UINTPTR_MAX;
}

enum machine_access machine_access(const ucontext_t *context)
{
	(void)context;
	return MACHINE_UNKNOWN;
}

void machine_prepare(void)
{
}

void machine_set_flags_by_code(ucontext_t *context)
{
	(void)context;
}

long machine_copy_one(void *to, const void *from, size_t width)
{
	memcpy(to, from, width);
	return 0;
}

long machine_copy_failed(void *to, const void *from, size_t width)
{
	(void)to;
	(void)from;
	(void)width;
	return -1;
}

void machine_set_pc(ucontext_t *context, uintptr_t pc)
{
	(void)context;
	(void)pc;
}

void machine_get_fault_registers(const ucontext_t *context, long long *registers)
{
	(void)context;
	(void)registers;
}

void machine_set_fault_registers(ucontext_t *context, const long long *registers)
{
	(void)context;
	(void)registers;
}
