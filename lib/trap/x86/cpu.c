/* SPDX-License-Identifier: BSD-3-Clause */
/* See the kernel's arch/x86/include/uapi/asm/sigcontext.h for the frame. */
#include "trap/x86/cpu.h"

#include <asm/prctl.h>

#include "util/sys.h"

enum { FAULT_WRITE = 1 << 1, FAULT_FETCH = 1 << 4 };

static const uint8_t places[CPU_PC + 1] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8,
	REG_R9,	 REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_EFL, REG_RIP,
};

uint64_t cpu_get(const ucontext_t *context, unsigned int reg)
{
	return (uint64_t)context->uc_mcontext.gregs[places[reg]];
}

void cpu_set(ucontext_t *context, unsigned int reg, uint64_t value)
{
	context->uc_mcontext.gregs[places[reg]] = (greg_t)value;
}

uintptr_t cpu_pc(const ucontext_t *context)
{
	return cpu_get(context, CPU_PC);
}

uintptr_t cpu_sp(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}

enum cpu_access cpu_access(const ucontext_t *context)
{
	greg_t error = context->uc_mcontext.gregs[REG_ERR];

	if (error & FAULT_FETCH)
		return CPU_FETCH;
	return error & FAULT_WRITE ? CPU_WRITE : CPU_READ;
}

uintptr_t cpu_segment_base(enum cpu_segment segment)
{
	unsigned long base = 0;

	if (segment != CPU_NO_SEGMENT)
		sys_arch_prctl(segment == CPU_FS ? ARCH_GET_FS : ARCH_GET_GS, &base);
	return base;
}

/* long cpu_copy_one(to, from, width): returns 0, or -1 if cpu_recover()
 * has moved it to cpu_copy_failed. */
/* clang-format off */
__asm__(".pushsection .text\n"
	".hidden cpu_copy_one, cpu_copy_failed\n"
	".globl cpu_copy_one, cpu_copy_failed\n"
	".type cpu_copy_one, @function\n"
	"cpu_copy_one:\n"
	"	endbr64\n"
	"	cmpq $8, %rdx\n"
	"	je 8f\n"
	"	cmpq $4, %rdx\n"
	"	je 4f\n"
	"	cmpq $2, %rdx\n"
	"	je 2f\n"
	"	movb (%rsi), %al\n"
	"	movb %al, (%rdi)\n"
	"	jmp 9f\n"
	"2:	movw (%rsi), %ax\n"
	"	movw %ax, (%rdi)\n"
	"	jmp 9f\n"
	"4:	movl (%rsi), %eax\n"
	"	movl %eax, (%rdi)\n"
	"	jmp 9f\n"
	"8:	movq (%rsi), %rax\n"
	"	movq %rax, (%rdi)\n"
	"9:	xorl %eax, %eax\n"
	"	ret\n"
	".type cpu_copy_failed, @function\n"
	"cpu_copy_failed:\n"
	"	movq $-1, %rax\n"
	"	ret\n"
	".size cpu_copy_one, cpu_copy_failed - cpu_copy_one\n"
	".size cpu_copy_failed, . - cpu_copy_failed\n"
	".popsection\n");
/* clang-format on */

void cpu_set_pc(ucontext_t *context, uintptr_t pc)
{
	cpu_set(context, CPU_PC, pc);
}

void cpu_get_fault_registers(const ucontext_t *context, long long *registers)
{
	registers[0] = context->uc_mcontext.gregs[REG_CR2];
	registers[1] = context->uc_mcontext.gregs[REG_ERR];
	registers[2] = context->uc_mcontext.gregs[REG_TRAPNO];
}

void cpu_set_fault_registers(ucontext_t *context, const long long *registers)
{
	context->uc_mcontext.gregs[REG_CR2] = registers[0];
	context->uc_mcontext.gregs[REG_ERR] = registers[1];
	context->uc_mcontext.gregs[REG_TRAPNO] = registers[2];
}

enum { STUBS = 64 };

/* The flags and the next instruction of a thread that returns from its handler.
 * No register is free to hold their address, so each entry has code of its own.
 * Entries are used in turn; a thread has left its code long before the entry is
 * used again. */
struct cpu_way {
	uint64_t flags, pc;
} cpu_ways[STUBS] __attribute__((visibility("hidden")));

/* clang-format off */
__asm__(".pushsection .text\n"
	".type cpu_stubs, @function\n"
	".balign 64\n"
	".hidden cpu_stubs\n"
	".globl cpu_stubs\n"
	"cpu_stubs:\n"
	".set offset, 0\n"
	".rept 64\n"
	"	.balign 64\n"
	"	leaq -128(%rsp), %rsp\n"	/* skip the red zone */
	"	pushq cpu_ways+offset(%rip)\n"
	"	popfq\n"
	"	leaq 128(%rsp), %rsp\n"
	"	jmpq *cpu_ways+offset+8(%rip)\n"
	"	.set offset, offset+16\n"
	".endr\n"
	".size cpu_stubs, . - cpu_stubs\n"
	".popsection\n");
/* clang-format on */

extern void cpu_stubs(void);

void cpu_set_flags_by_code(ucontext_t *context)
{
	static unsigned int turn;
	unsigned int i = __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % STUBS;

	cpu_ways[i].flags = cpu_get(context, CPU_FLAGS);
	cpu_ways[i].pc = cpu_get(context, CPU_PC);
	cpu_set(context, CPU_PC, (uintptr_t)cpu_stubs + i * 64);
}
