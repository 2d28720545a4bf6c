/* SPDX-License-Identifier: BSD-3-Clause */
/* Vector registers in a signal frame. See Intel's manual, volume 1, chapter 13
 * for their layout, and the kernel's arch/x86/include/uapi/asm/sigcontext.h for
 * the frame. */
#include "trap/x86/cpu.h"

#include <string.h>

#include <cpuid.h>

enum { LEGACY_SIZE = 512, MXCSR_OFFSET = 24, XMM_OFFSET = 160 };

/* Parts of the XSAVE area, by their bit in its header. */
enum {
	PART_SSE = 1,
	PART_YMM_HIGH = 2,
	PART_MASK = 5,
	PART_ZMM_HIGH = 6,
	PART_ZMM_16_TO_31 = 7,
	PARTS
};

static uint32_t part_offsets[PARTS] = { [PART_SSE] = XMM_OFFSET };

static const struct {
	uint8_t width, registers;
} parts[PARTS] = {
	[PART_SSE] = { 16, 16 },      [PART_YMM_HIGH] = { 16, 16 },	[PART_MASK] = { 8, 8 },
	[PART_ZMM_HIGH] = { 32, 16 }, [PART_ZMM_16_TO_31] = { 64, 16 },
};

static void ask_processor(unsigned int part, unsigned int *size, unsigned int *offset)
{
	unsigned int c, d;

	if (!__get_cpuid_count(0xd, part, size, offset, &c, &d))
		*size = *offset = 0;
}

void cpu_prepare_by(void (*find)(unsigned int part, unsigned int *size, unsigned int *offset))
{
	unsigned int size, offset;

	for (unsigned int part = PART_YMM_HIGH; part < PARTS; part++) {
		if (!parts[part].width)
			continue;
		find(part, &size, &offset);
		if (size < (unsigned int)parts[part].width * parts[part].registers)
			offset = 0;
		__atomic_store_n(&part_offsets[part], offset, __ATOMIC_RELAXED);
	}
}

void cpu_prepare(void)
{
	cpu_prepare_by(ask_processor);
}

/* The header of the XSAVE area: a bit for each part that is not in its initial
 * state, zero. NULL if there is no header; the area then has only the SSE part,
 * which is always valid. */
static uint64_t *header_of(const ucontext_t *context)
{
	uint8_t *area = (uint8_t *)context->uc_mcontext.fpregs;
	const struct _fpx_sw_bytes *software =
		(const struct _fpx_sw_bytes *)(area + LEGACY_SIZE - sizeof(*software));

	return software->magic1 == FP_XSTATE_MAGIC1 ? (uint64_t *)(void *)(area + LEGACY_SIZE)
						    : NULL;
}

/* The address of a register's part; NULL if the kernel has not saved it. */
static uint8_t *part_of(const ucontext_t *context, unsigned int part, unsigned int reg)
{
	uint8_t *area = (uint8_t *)context->uc_mcontext.fpregs;
	const struct _fpx_sw_bytes *software;
	uint32_t offset = __atomic_load_n(&part_offsets[part], __ATOMIC_RELAXED);

	if (!area || !offset)
		return NULL;
	software = (const struct _fpx_sw_bytes *)(area + LEGACY_SIZE - sizeof(*software));
	if (part != PART_SSE &&
	    (!header_of(context) || !(software->xstate_bv >> part & 1) ||
	     offset + (uint32_t)parts[part].registers * parts[part].width > software->xstate_size))
		return NULL;
	return area + offset + reg * parts[part].width;
}

static bool is_initial(const ucontext_t *context, unsigned int part)
{
	const uint64_t *header = header_of(context);

	return header && !(*header >> part & 1);
}

static void get_part(const ucontext_t *context, unsigned int part, unsigned int reg, uint8_t *out,
		     size_t length)
{
	const uint8_t *from = part_of(context, part, reg);

	if (from && !is_initial(context, part))
		memcpy(out, from, length);
	else
		memset(out, 0, length);
}

static void set_part(ucontext_t *context, unsigned int part, unsigned int reg, const uint8_t *value)
{
	size_t width = parts[part].width;
	uint8_t *to = part_of(context, part, reg);
	bool zero = !*value && !memcmp(value, value + 1, width - 1);

	/* A part in its initial state already reads as zero, and need not be
	 * written. */
	if (!to || (zero && is_initial(context, part)))
		return;
	if (is_initial(context, part)) {
		/* The memory is undefined until the bit is set. */
		memset(to - reg * width, 0, parts[part].registers * width);
		*header_of(context) |= UINT64_C(1) << part;
	}
	memcpy(to, value, width);
}

bool cpu_has_vector(const ucontext_t *context, unsigned int reg, size_t length)
{
	if (reg >= 16)
		return part_of(context, PART_ZMM_16_TO_31, 0);
	return part_of(context, PART_SSE, 0) &&
	       (length <= 16 || part_of(context, PART_YMM_HIGH, 0)) &&
	       (length <= 32 || part_of(context, PART_ZMM_HIGH, 0));
}

void cpu_get_vector(const ucontext_t *context, unsigned int reg, uint8_t *out, size_t length)
{
	if (reg >= 16) {
		get_part(context, PART_ZMM_16_TO_31, reg - 16, out, length);
		return;
	}
	get_part(context, PART_SSE, reg, out, 16);
	if (length > 16)
		get_part(context, PART_YMM_HIGH, reg, out + 16, 16);
	if (length > 32)
		get_part(context, PART_ZMM_HIGH, reg, out + 32, 32);
}

void cpu_set_low_vector(ucontext_t *context, unsigned int reg, const uint8_t *value)
{
	set_part(context, PART_SSE, reg, value);
}

void cpu_set_vector(ucontext_t *context, unsigned int reg, const uint8_t *value)
{
	if (reg >= 16) {
		set_part(context, PART_ZMM_16_TO_31, reg - 16, value);
		return;
	}
	set_part(context, PART_SSE, reg, value);
	set_part(context, PART_YMM_HIGH, reg, value + 16);
	set_part(context, PART_ZMM_HIGH, reg, value + 32);
}

bool cpu_get_mask(const ucontext_t *context, unsigned int reg, uint64_t *out)
{
	if (!part_of(context, PART_MASK, reg))
		return false;
	get_part(context, PART_MASK, reg, (uint8_t *)out, sizeof(*out));
	return true;
}

void cpu_set_mask(ucontext_t *context, unsigned int reg, uint64_t value)
{
	set_part(context, PART_MASK, reg, (const uint8_t *)&value);
}

uint32_t *cpu_mxcsr(const ucontext_t *context)
{
	uint8_t *area = (uint8_t *)context->uc_mcontext.fpregs;

	return area ? (uint32_t *)(void *)(area + MXCSR_OFFSET) : NULL;
}
