/* SPDX-License-Identifier: BSD-3-Clause */
/* See the kernel's arch/x86/include/uapi/asm/sigcontext.h for the frame. */
#include "trap/x86/machine.h"

#include <string.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#include <asm/prctl.h>

#include "util/sys.h"

enum { FAULT_WRITE = 1 << 1, FAULT_FETCH = 1 << 4 };

static const uint8_t places[MACHINE_PC + 1] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8,
	REG_R9,	 REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_EFL, REG_RIP,
};

uint64_t machine_get(const ucontext_t *context, unsigned int reg)
{
	return (uint64_t)context->uc_mcontext.gregs[places[reg]];
}

void machine_set(ucontext_t *context, unsigned int reg, uint64_t value)
{
	context->uc_mcontext.gregs[places[reg]] = (greg_t)value;
}

uintptr_t machine_pc(const ucontext_t *context)
{
	return machine_get(context, MACHINE_PC);
}

uintptr_t machine_sp(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}

enum machine_access machine_access(const ucontext_t *context)
{
	greg_t error = context->uc_mcontext.gregs[REG_ERR];

	if (error & FAULT_FETCH)
		return MACHINE_FETCH;
	return error & FAULT_WRITE ? MACHINE_WRITE : MACHINE_READ;
}

uintptr_t machine_segment_base(enum machine_segment segment)
{
	unsigned long base = 0;

	if (segment != MACHINE_NO_SEGMENT)
		sys_arch_prctl(segment == MACHINE_FS ? ARCH_GET_FS : ARCH_GET_GS, &base);
	return base;
}

/* long machine_copy_one(to, from, width): returns 0, or -1 if machine_recover()
 * has moved it to machine_copy_failed. */
/* clang-format off */
__asm__(".pushsection .text\n"
	".hidden machine_copy_one, machine_copy_failed\n"
	".globl machine_copy_one, machine_copy_failed\n"
	".type machine_copy_one, @function\n"
	"machine_copy_one:\n"
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
	".type machine_copy_failed, @function\n"
	"machine_copy_failed:\n"
	"	movq $-1, %rax\n"
	"	ret\n"
	".size machine_copy_one, machine_copy_failed - machine_copy_one\n"
	".size machine_copy_failed, . - machine_copy_failed\n"
	".popsection\n");
/* clang-format on */

extern long machine_copy_one(void *to, const void *from, size_t width);
extern long machine_copy_failed(void *to, const void *from, size_t width);

/* The other models may allocate on first use. */
static __thread struct machine_fault last_fault __attribute__((tls_model("initial-exec")));

bool machine_recover(const siginfo_t *info, ucontext_t *context)
{
	uintptr_t pc = machine_pc(context);

	if (pc < (uintptr_t)machine_copy_one || pc >= (uintptr_t)machine_copy_failed)
		return false;
	last_fault = (struct machine_fault){
		.number = info->si_signo,
		.code = info->si_code,
		.address = info->si_addr,
		.cr2 = context->uc_mcontext.gregs[REG_CR2],
		.error = context->uc_mcontext.gregs[REG_ERR],
		.trap = context->uc_mcontext.gregs[REG_TRAPNO],
	};
	machine_set(context, MACHINE_PC, (uintptr_t)machine_copy_failed);
	return true;
}

bool machine_has_fault(void)
{
	return last_fault.number;
}

struct machine_fault machine_take_fault(void)
{
	struct machine_fault fault = last_fault;

	last_fault.number = 0;
	return fault;
}

void machine_put_fault(const struct machine_fault *fault)
{
	last_fault = *fault;
}

void machine_forget_fault(void)
{
	last_fault.number = 0;
}

void machine_pretend_fault(siginfo_t *info, ucontext_t *context)
{
	if (!last_fault.number)
		return;
	info->si_signo = last_fault.number;
	info->si_code = last_fault.code;
	info->si_addr = last_fault.address;
	context->uc_mcontext.gregs[REG_CR2] = last_fault.cr2;
	context->uc_mcontext.gregs[REG_ERR] = last_fault.error;
	context->uc_mcontext.gregs[REG_TRAPNO] = last_fault.trap;
}

enum { STUBS = 64 };

/* The flags and the next instruction of a thread that returns from its handler.
 * No register is free to hold their address, so each entry has code of its own.
 * Entries are used in turn; a thread has left its code long before the entry is
 * used again. */
struct machine_way {
	uint64_t flags, pc;
} machine_ways[STUBS] __attribute__((visibility("hidden")));

/* clang-format off */
__asm__(".pushsection .text\n"
	".type machine_stubs, @function\n"
	".balign 64\n"
	".hidden machine_stubs\n"
	".globl machine_stubs\n"
	"machine_stubs:\n"
	".set offset, 0\n"
	".rept 64\n"
	"	.balign 64\n"
	"	leaq -128(%rsp), %rsp\n"	/* skip the red zone */
	"	pushq machine_ways+offset(%rip)\n"
	"	popfq\n"
	"	leaq 128(%rsp), %rsp\n"
	"	jmpq *machine_ways+offset+8(%rip)\n"
	"	.set offset, offset+16\n"
	".endr\n"
	".size machine_stubs, . - machine_stubs\n"
	".popsection\n");
/* clang-format on */

extern void machine_stubs(void);

void machine_set_flags_by_code(ucontext_t *context)
{
	static unsigned int turn;
	unsigned int i = __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % STUBS;

	machine_ways[i].flags = machine_get(context, MACHINE_FLAGS);
	machine_ways[i].pc = machine_get(context, MACHINE_PC);
	machine_set(context, MACHINE_PC, (uintptr_t)machine_stubs + i * 64);
}

#else /* other architectures: explain and report only */

#if defined(__aarch64__)
uintptr_t machine_pc(const ucontext_t *context)
{
	return context->uc_mcontext.pc;
}

uintptr_t machine_sp(const ucontext_t *context)
{
	return context->uc_mcontext.sp;
}
#else
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
#endif

enum machine_access machine_access(const ucontext_t *context)
{
	(void)context;
	return MACHINE_UNKNOWN;
}

bool machine_recover(const siginfo_t *info, ucontext_t *context)
{
	(void)info;
	(void)context;
	return false;
}

void machine_set_flags_by_code(ucontext_t *context)
{
	(void)context;
}

static long machine_copy_one(void *to, const void *from, size_t width)
{
	memcpy(to, from, width);
	return 0;
}

#endif

size_t machine_copy(void *to, const void *from, size_t length)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	for (size_t width; length; t += width, f += width, length -= width) {
		width = length >= 8 ? 8 : length >= 4 ? 4 : length >= 2 ? 2 : 1;
		if (machine_copy_one(t, f, width))
			break;
	}
	return length;
}
