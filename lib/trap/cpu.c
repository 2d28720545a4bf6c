/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/cpu.h"

/* The other models may allocate on first use. */
static __thread struct cpu_fault last_fault __attribute__((tls_model("initial-exec")));

size_t cpu_copy(void *to, const void *from, size_t length)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	for (size_t width; length; t += width, f += width, length -= width) {
		width = length >= 8 ? 8 : length >= 4 ? 4 : length >= 2 ? 2 : 1;
		if (cpu_copy_one(t, f, width))
			break;
	}
	return length;
}

bool cpu_recover(const siginfo_t *info, ucontext_t *context)
{
	uintptr_t pc = cpu_pc(context);

	if (pc < (uintptr_t)cpu_copy_one || pc >= (uintptr_t)cpu_copy_failed)
		return false;
	last_fault.number = info->si_signo;
	last_fault.code = info->si_code;
	last_fault.address = info->si_addr;
	cpu_get_fault_registers(context, last_fault.registers);
	cpu_set_pc(context, (uintptr_t)cpu_copy_failed);
	return true;
}

bool cpu_has_fault(void)
{
	return last_fault.number;
}

struct cpu_fault cpu_take_fault(void)
{
	struct cpu_fault fault = last_fault;

	last_fault.number = 0;
	return fault;
}

void cpu_put_fault(const struct cpu_fault *fault)
{
	last_fault = *fault;
}

void cpu_forget_fault(void)
{
	last_fault.number = 0;
}

void cpu_pretend_fault(siginfo_t *info, ucontext_t *context)
{
	if (!last_fault.number)
		return;
	info->si_signo = last_fault.number;
	info->si_code = last_fault.code;
	info->si_addr = last_fault.address;
	cpu_set_fault_registers(context, last_fault.registers);
}
