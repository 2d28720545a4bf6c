/* SPDX-License-Identifier: BSD-3-Clause */
/* See the kernel's arch/arm64/include/uapi/asm/sigcontext.h for the frame. */
#include "trap/cpu.h"

#include <stddef.h>
#include <string.h>

#include <asm/sigcontext.h>

#include "trap/arm64/cpu.h"

/* Fields of ESR_EL1 (DDI 0487, D17.2.37). */
enum { ESR_CLASS_SHIFT = 26, ESR_WRITE = 1 << 6 };
enum { CLASS_INSTRUCTION_ABORT = 0x20, CLASS_DATA_ABORT = 0x24 };

uintptr_t cpu_pc(const ucontext_t *context)
{
	return context->uc_mcontext.pc;
}

uintptr_t cpu_sp(const ucontext_t *context)
{
	return context->uc_mcontext.sp;
}

/* Finds a record among `size` bytes of records. */
static struct _aarch64_ctx *find_among(uint8_t *records, size_t size, uint32_t magic)
{
	struct _aarch64_ctx *head;

	for (size_t at = 0; size - at >= sizeof(*head); at += head->size) {
		head = (struct _aarch64_ctx *)(void *)(records + at);
		if (!head->magic || head->size < sizeof(*head) || head->size > size - at)
			return NULL;
		if (head->magic == magic)
			return head;
	}
	return NULL;
}

/* Finds a record of the frame; longer frames continue elsewhere. */
static void *find_record(const ucontext_t *context, uint32_t magic)
{
	uint8_t *records = (uint8_t *)(uintptr_t)context->uc_mcontext.__reserved;
	size_t size = sizeof(context->uc_mcontext.__reserved);
	struct _aarch64_ctx *found = find_among(records, size, magic);
	const struct extra_context *extra;

	if (found)
		return found;
	extra = (const void *)find_among(records, size, EXTRA_MAGIC);
	return extra ? find_among((uint8_t *)(uintptr_t)extra->datap, extra->size, magic) : NULL;
}

enum cpu_access cpu_access(const ucontext_t *context)
{
	const struct esr_context *record = find_record(context, ESR_MAGIC);
	unsigned int class;

	if (!record)
		return CPU_UNKNOWN;
	class = (unsigned int)(record->esr >> ESR_CLASS_SHIFT) & 0x3f;
	if (class == CLASS_INSTRUCTION_ABORT)
		return CPU_FETCH;
	if (class != CLASS_DATA_ABORT)
		return CPU_UNKNOWN;
	return record->esr & ESR_WRITE ? CPU_WRITE : CPU_READ;
}

bool cpu_has_vectors(ucontext_t *context)
{
	return find_record(context, FPSIMD_MAGIC);
}

void cpu_get_vector(ucontext_t *context, unsigned int reg, uint8_t *out)
{
	const struct fpsimd_context *record = find_record(context, FPSIMD_MAGIC);

	memcpy(out, &record->vregs[reg], CPU_VECTOR);
}

/* The record of SVE registers has none if their upper parts are zero. */
static void set_sve_register(ucontext_t *context, unsigned int reg, const uint8_t *value)
{
	struct sve_context *record = find_record(context, SVE_MAGIC);
	unsigned int vq = record ? record->vl / SVE_VQ_BYTES : 0;
	uint8_t *to;

	if (!vq || record->head.size < SVE_SIG_CONTEXT_SIZE(vq))
		return;
	to = (uint8_t *)record + SVE_SIG_ZREG_OFFSET(vq, reg);
	memcpy(to, value, CPU_VECTOR);
	memset(to + CPU_VECTOR, 0, SVE_SIG_ZREG_SIZE(vq) - CPU_VECTOR);
}

/* The kernel takes the low 16 bytes from the record of FPSIMD registers, and
 * QEMU's user mode from that of SVE registers. */
void cpu_set_vector(ucontext_t *context, unsigned int reg, const uint8_t *value)
{
	struct fpsimd_context *record = find_record(context, FPSIMD_MAGIC);

	memcpy(&record->vregs[reg], value, CPU_VECTOR);
	set_sve_register(context, reg, value);
}

/* clang-format off */
__asm__(".pushsection .text\n"
	".hidden cpu_copy_one, cpu_copy_failed\n"
	".globl cpu_copy_one, cpu_copy_failed\n"
	".type cpu_copy_one, %function\n"
	"cpu_copy_one:\n"
	"	hint #34\n"			/* bti c */
	"	cmp x2, #8\n"
	"	b.eq 8f\n"
	"	cmp x2, #4\n"
	"	b.eq 4f\n"
	"	cmp x2, #2\n"
	"	b.eq 2f\n"
	"	ldrb w3, [x1]\n"
	"	strb w3, [x0]\n"
	"	b 9f\n"
	"2:	ldrh w3, [x1]\n"
	"	strh w3, [x0]\n"
	"	b 9f\n"
	"4:	ldr w3, [x1]\n"
	"	str w3, [x0]\n"
	"	b 9f\n"
	"8:	ldr x3, [x1]\n"
	"	str x3, [x0]\n"
	"9:	mov x0, #0\n"
	"	ret\n"
	".type cpu_copy_failed, %function\n"
	"cpu_copy_failed:\n"
	"	mov x0, #-1\n"
	"	ret\n"
	".size cpu_copy_one, cpu_copy_failed - cpu_copy_one\n"
	".size cpu_copy_failed, . - cpu_copy_failed\n"
	".popsection\n");
/* clang-format on */

void cpu_set_pc(ucontext_t *context, uintptr_t pc)
{
	context->uc_mcontext.pc = pc;
}

void cpu_get_fault_registers(const ucontext_t *context, long long *registers)
{
	registers[0] = (long long)context->uc_mcontext.fault_address;
}

void cpu_set_fault_registers(ucontext_t *context, const long long *registers)
{
	context->uc_mcontext.fault_address = (unsigned long long)registers[0];
}

void cpu_prepare(void)
{
}

void cpu_set_flags_by_code(ucontext_t *context)
{
	(void)context;
}
