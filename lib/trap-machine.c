/* SPDX-License-Identifier: BSD-3-Clause */
/* See Intel's manual, volume 1, chapter 13 for the layout of vector registers, and the kernel's
 * arch/x86/include/uapi/asm/sigcontext.h for the frame. */
#include "trap-machine.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#include <asm/prctl.h>
#include <cpuid.h>

enum { FAULT_WRITE = 1 << 1, FAULT_FETCH = 1 << 4, LEGACY_SIZE = 512, XMM_OFFSET = 160 };

/* Parts of the XSAVE area, by their bit in its header. */
enum { PART_SSE = 1, PART_YMM_HIGH = 2, PART_ZMM_HIGH = 6 };

static const uint8_t places[MACHINE_PC + 1] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11,
	REG_R12, REG_R13, REG_R14, REG_R15, REG_EFL, REG_RIP,
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
		syscall(SYS_arch_prctl, segment == MACHINE_FS ? ARCH_GET_FS : ARCH_GET_GS, &base);
	return base;
}

/* long machine_copy_one(to, from, width): 0, or, when machine_recover() has moved it to machine_copy_failed, -1. */
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

extern long machine_copy_one(void *to, const void *from, size_t width);
extern long machine_copy_failed(void *to, const void *from, size_t width);

static const uint8_t fault_registers[] = { REG_ERR, REG_TRAPNO, REG_CR2 };

enum { FAULT_REGISTERS = sizeof(fault_registers) };

/* The fault that ended a thread's last machine_copy(). */
static __thread struct {
	void *address;
	int number, code;
	greg_t registers[FAULT_REGISTERS];
} copy_fault __attribute__((tls_model("initial-exec")));

void machine_replace_fault(int *number, siginfo_t *info, ucontext_t *context)
{
	*number = copy_fault.number;
	info->si_signo = copy_fault.number;
	info->si_code = copy_fault.code;
	info->si_addr = copy_fault.address;
	for (size_t i = 0; i < FAULT_REGISTERS; i++)
		context->uc_mcontext.gregs[fault_registers[i]] = copy_fault.registers[i];
}

bool machine_recover(int number, const siginfo_t *info, ucontext_t *context)
{
	uintptr_t pc = machine_pc(context);

	if (pc < (uintptr_t)machine_copy_one || pc >= (uintptr_t)machine_copy_failed)
		return false;
	copy_fault.number = number;
	copy_fault.code = info->si_code;
	copy_fault.address = info->si_addr;
	for (size_t i = 0; i < FAULT_REGISTERS; i++)
		copy_fault.registers[i] = context->uc_mcontext.gregs[fault_registers[i]];
	machine_set(context, MACHINE_PC, (uintptr_t)machine_copy_failed);
	return true;
}

enum { STUBS = 64 };

/* Flags and address of a thread that is between its handler's end and its next instruction. No register is free to say
 * where they are, so that there is code for each; a thread is long gone when its turn comes round again. */
struct machine_way {
	uint64_t flags, pc;
} machine_ways[STUBS] __attribute__((visibility("hidden")));

__asm__(".pushsection .text\n"
	".type machine_stubs, @function\n"
	".balign 64\n"
	".hidden machine_stubs\n"
	".globl machine_stubs\n"
	"machine_stubs:\n"
	".set offset, 0\n"
	".rept 64\n"
	"	.balign 64\n"
	"	leaq -128(%rsp), %rsp\n"	/* the red zone */
	"	pushq machine_ways+offset(%rip)\n"
	"	popfq\n"
	"	leaq 128(%rsp), %rsp\n"
	"	jmpq *machine_ways+offset+8(%rip)\n"
	"	.set offset, offset+16\n"
	".endr\n"
	".size machine_stubs, . - machine_stubs\n"
	".popsection\n");

extern void machine_stubs(void);

void machine_set_flags_by_code(ucontext_t *context)
{
	static unsigned int turn;
	unsigned int i = __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % STUBS;

	machine_ways[i].flags = machine_get(context, MACHINE_FLAGS);
	machine_ways[i].pc = machine_get(context, MACHINE_PC);
	machine_set(context, MACHINE_PC, (uintptr_t)machine_stubs + i * 64);
}

static uint32_t part_offsets[PART_ZMM_HIGH + 1] = { [PART_SSE] = XMM_OFFSET };
static const uint8_t part_widths[PART_ZMM_HIGH + 1] = { [PART_SSE] = 16, [PART_YMM_HIGH] = 16, [PART_ZMM_HIGH] = 32 };

void machine_prepare(void)
{
	static const uint8_t parts[] = { PART_YMM_HIGH, PART_ZMM_HIGH };
	unsigned int size, offset, c, d;

	for (size_t i = 0; i < sizeof(parts); i++)
		if (__get_cpuid_count(0xd, parts[i], &size, &offset, &c, &d) && size)
			__atomic_store_n(&part_offsets[parts[i]], offset, __ATOMIC_RELAXED);
}

/* The header of the XSAVE area, a bit for each part that is not in its initial state, that is, zero; NULL: there is
 * none, so that only the SSE part is there, and always. */
static uint64_t *header_of(const ucontext_t *context)
{
	uint8_t *area = (uint8_t *)context->uc_mcontext.fpregs;
	const struct _fpx_sw_bytes *software = (const struct _fpx_sw_bytes *)(area + LEGACY_SIZE - sizeof(*software));

	return software->magic1 == FP_XSTATE_MAGIC1 ? (uint64_t *)(void *)(area + LEGACY_SIZE) : NULL;
}

/* Where a register's part lies; NULL: the kernel has not saved any such. */
static uint8_t *part_of(const ucontext_t *context, unsigned int part, unsigned int reg)
{
	uint8_t *area = (uint8_t *)context->uc_mcontext.fpregs;
	const struct _fpx_sw_bytes *software;
	uint32_t offset = __atomic_load_n(&part_offsets[part], __ATOMIC_RELAXED);

	if (!area || !offset)
		return NULL;
	software = (const struct _fpx_sw_bytes *)(area + LEGACY_SIZE - sizeof(*software));
	if (part != PART_SSE && (!header_of(context) || !(software->xstate_bv >> part & 1) ||
				 offset + 16U * part_widths[part] > software->xstate_size))
		return NULL;
	return area + offset + reg * part_widths[part];
}

static bool is_initial(const ucontext_t *context, unsigned int part)
{
	const uint64_t *header = header_of(context);

	return header && !(*header >> part & 1);
}

static void get_part(const ucontext_t *context, unsigned int part, unsigned int reg, uint8_t *out)
{
	const uint8_t *from = part_of(context, part, reg);

	if (from && !is_initial(context, part))
		memcpy(out, from, part_widths[part]);
	else
		memset(out, 0, part_widths[part]);
}

static bool set_part(ucontext_t *context, unsigned int part, unsigned int reg, const uint8_t *value)
{
	uint8_t *to = part_of(context, part, reg);

	if (!to)
		return false;
	if (is_initial(context, part)) {
		/* What the memory holds counts for nothing, until the bit is set. */
		memset(to - reg * part_widths[part], 0, 16U * part_widths[part]);
		*header_of(context) |= UINT64_C(1) << part;
	}
	memcpy(to, value, part_widths[part]);
	return true;
}

bool machine_has_vector(const ucontext_t *context, size_t length)
{
	return part_of(context, PART_SSE, 0) && (length == 16 || part_of(context, PART_YMM_HIGH, 0));
}

void machine_get_vector(const ucontext_t *context, unsigned int reg, uint8_t *out)
{
	get_part(context, PART_SSE, reg, out);
	get_part(context, PART_YMM_HIGH, reg, out + 16);
}

bool machine_set_vector(ucontext_t *context, unsigned int reg, const uint8_t *value, size_t length)
{
	static const uint8_t zero[32];

	if (!part_of(context, PART_SSE, reg) || (length == 32 && !part_of(context, PART_YMM_HIGH, reg)))
		return false;
	set_part(context, PART_SSE, reg, value);
	if (length == 32) {
		set_part(context, PART_YMM_HIGH, reg, value + 16);
		if (part_of(context, PART_ZMM_HIGH, reg) && !is_initial(context, PART_ZMM_HIGH))
			set_part(context, PART_ZMM_HIGH, reg, zero);
	}
	return true;
}

#else /* another machine: explain and report only */

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

bool machine_recover(int number, const siginfo_t *info, ucontext_t *context)
{
	(void)number;
	(void)info;
	(void)context;
	return false;
}

void machine_replace_fault(int *number, siginfo_t *info, ucontext_t *context)
{
	(void)number;
	(void)info;
	(void)context;
}

void machine_prepare(void)
{
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
