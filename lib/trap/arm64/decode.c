/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/arm64/form.h"

#include <string.h>

static uint32_t bits(uint32_t code, unsigned int from, unsigned int n)
{
	return code >> from & ((UINT32_C(1) << n) - 1);
}

static int64_t signed_bits(uint32_t code, unsigned int from, unsigned int n)
{
	uint32_t value = bits(code, from, n), sign = UINT32_C(1) << (n - 1);

	return (int64_t)(value ^ sign) - (int64_t)sign;
}

/* Whether a register is written both by a load and by the writeback, or twice:
 * processors differ in the result. */
static bool is_unpredictable(const struct trap_form *form)
{
	if (form->reads && form->n == 2 && form->registers[0] == form->registers[1])
		return true;
	if (form->uses_vector || form->writeback == FORM_OFFSET || form->base == FORM_REGISTER_31)
		return false;
	for (unsigned int i = 0; i < form->n; i++)
		if (form->registers[i] == form->base)
			return true;
	return false;
}

/* A load or store of n registers of `width` bytes each. */
static bool make_access(struct trap_form *form, bool load, unsigned int width, unsigned int n)
{
	if (form->uses_vector)
		form->kind = load ? FORM_VECTOR_LOAD : FORM_VECTOR_STORE;
	else
		form->kind = load ? FORM_LOAD : FORM_STORE;
	form->width = (uint8_t)(width * n);
	form->n = (uint8_t)n;
	form->reads = load;
	form->writes = !load;
	if (is_unpredictable(form))
		form->kind = FORM_UNKNOWN;
	return true;
}

/* Known to read or write, and not emulated. */
static bool make_unknown(struct trap_form *form, bool reads, bool writes, unsigned int width)
{
	form->kind = FORM_UNKNOWN;
	form->reads = reads;
	form->writes = writes;
	form->width = (uint8_t)width;
	return true;
}

/* Loads and stores of one register, by the fields size, V and opc. A prefetch
 * never faults. */
static bool decode_single(struct trap_form *form, uint32_t code)
{
	unsigned int size = bits(code, 30, 2), opc = bits(code, 22, 2);

	form->uses_vector = bits(code, 26, 1);
	if (form->uses_vector) {
		if (opc > 1 && size)
			return false;
		return make_access(form, opc & 1, opc > 1 ? 16 : 1U << size, 1);
	}
	if (opc > 1) {
		if (size == 3 || (size == 2 && opc == 3))
			return false;
		form->sign_extend = opc == 2 ? 8 : 4;
	}
	return make_access(form, opc, 1U << size, 1);
}

static bool decode_unscaled(struct trap_form *form, uint32_t code)
{
	static const uint8_t writebacks[] = { FORM_OFFSET, FORM_POST_INDEX, FORM_OFFSET,
					      FORM_PRE_INDEX };

	form->displacement = signed_bits(code, 12, 9);
	form->writeback = writebacks[bits(code, 10, 2)];
	return decode_single(form, code);
}

/* Bytes of the register of an instruction of decode_single(), as a shift. */
static unsigned int scale_of(uint32_t code)
{
	return bits(code, 26, 1) && bits(code, 23, 1) ? 4 : bits(code, 30, 2);
}

static bool decode_unsigned(struct trap_form *form, uint32_t code)
{
	form->displacement = (int64_t)bits(code, 10, 12) << scale_of(code);
	return decode_single(form, code);
}

static bool decode_register_offset(struct trap_form *form, uint32_t code)
{
	form->index = (uint8_t)bits(code, 16, 5);
	form->extend = (uint8_t)bits(code, 13, 3);
	form->shift = (uint8_t)(bits(code, 12, 1) ? scale_of(code) : 0);
	if (!(form->extend & 2))
		return false;
	return decode_single(form, code);
}

/* LDAPUR, STLUR and their signed forms: fields as in decode_single(). */
static bool decode_ordered_unscaled(struct trap_form *form, uint32_t code)
{
	form->displacement = signed_bits(code, 12, 9);
	return decode_single(form, code);
}

static bool decode_literal(struct trap_form *form, uint32_t code)
{
	unsigned int opc = bits(code, 30, 2);

	form->uses_vector = bits(code, 26, 1);
	form->base = FORM_PC;
	form->displacement = signed_bits(code, 5, 19) * 4;
	if (form->uses_vector)
		return opc < 3 && make_access(form, true, 4U << opc, 1);
	form->sign_extend = opc == 2 ? 8 : 0;
	return opc < 3 && make_access(form, true, opc == 1 ? 8 : 4, 1);
}

static bool decode_pair(struct trap_form *form, uint32_t code)
{
	static const uint8_t writebacks[] = { FORM_OFFSET, FORM_POST_INDEX, FORM_OFFSET,
					      FORM_PRE_INDEX };
	unsigned int opc = bits(code, 30, 2), mode = bits(code, 23, 2), width;
	bool load = bits(code, 22, 1);

	form->uses_vector = bits(code, 26, 1);
	form->registers[1] = (uint8_t)bits(code, 10, 5);
	form->writeback = writebacks[mode];
	if (opc == 3)
		return false;
	width = form->uses_vector ? 4U << opc : opc == 2 ? 8 : 4;
	if (!form->uses_vector && opc == 1) {
		/* LDPSW; as a store it is STGP, and has no no-allocate form. */
		if (!load || !mode)
			return false;
		form->sign_extend = 8;
	}
	form->displacement = signed_bits(code, 15, 7) * width;
	return make_access(form, load, width, 2);
}

/* Exclusives, ordered accesses, and compare and swap. */
static bool decode_ordered(struct trap_form *form, uint32_t code)
{
	unsigned int width = 1U << bits(code, 30, 2);
	bool load = bits(code, 22, 1), pair = bits(code, 21, 1);

	if (!bits(code, 23, 1)) {
		/* The signal loses the monitor, and a pair of less than 32 bits
		 * is CASP. */
		if (pair && width < 4)
			return make_unknown(form, true, true, 8 * width);
		return make_unknown(form, load, !load, pair ? 2 * width : width);
	}
	if (!pair)
		return make_access(form, load, width, 1);
	if (bits(code, 10, 5) != FORM_REGISTER_31)
		return false;
	make_access(form, true, width, 1);
	form->kind = FORM_COMPARE_SWAP;
	form->writes = true;
	form->source = (uint8_t)bits(code, 16, 5);
	return true;
}

static bool decode_atomic(struct trap_form *form, uint32_t code)
{
	unsigned int width = 1U << bits(code, 30, 2), opc = bits(code, 12, 3);
	unsigned int order = bits(code, 22, 2);

	if (bits(code, 15, 1) && opc) {
		if (opc == 4 && order == 2) /* LDAPR */
			return make_access(form, true, width, 1);
		/* LD64B, ST64B and others */
		return width == 8 && !order && opc != 4 &&
		       make_unknown(form, opc == 5, opc != 5, 64);
	}
	make_access(form, true, width, 1);
	form->kind = FORM_ATOMIC;
	form->writes = true;
	form->op = (uint8_t)(bits(code, 15, 1) ? FORM_SWAP : opc);
	form->source = (uint8_t)bits(code, 16, 5);
	return true;
}

/* LD1 and ST1 of whole registers; others take their elements apart. */
static bool decode_structures(struct trap_form *form, uint32_t code)
{
	static const uint8_t counts[16] = { [2] = 4, [6] = 3, [7] = 1, [10] = 2 };
	static const uint8_t taken_apart[16] = { [0] = 4, [4] = 3, [8] = 2 };
	unsigned int n = counts[bits(code, 12, 4)], width = bits(code, 30, 1) ? 16 : 8;
	bool load = bits(code, 22, 1), post = bits(code, 23, 1);

	form->uses_vector = true;
	if (!n) {
		n = taken_apart[bits(code, 12, 4)];
		return n && make_unknown(form, load, !load, width * n);
	}
	for (unsigned int i = 0; i < n; i++)
		form->registers[i] = (uint8_t)((bits(code, 0, 5) + i) % 32);
	if (post) {
		form->writeback = FORM_POST_INDEX;
		form->index = (uint8_t)bits(code, 16, 5);
		form->extend = 3;
		if (form->index == FORM_REGISTER_31) {
			form->index = FORM_NO_REGISTER;
			form->displacement = width * n;
		}
	}
	return make_access(form, load, width, n);
}

/* DC ZVA writes zeros to as many bytes as the processor says. */
static bool decode_zero(struct trap_form *form, uint32_t code)
{
	(void)code;
	return make_unknown(form, false, true, 0);
}

static const struct row {
	uint32_t mask, value;
	bool (*decode)(struct trap_form *form, uint32_t code);
} rows[] = {
	{ 0x3b000000, 0x39000000, decode_unsigned },
	{ 0x3b200c00, 0x38000000, decode_unscaled },
	{ 0x3b200c00, 0x38000400, decode_unscaled }, /* post-index */
	{ 0x3f200c00, 0x38000800, decode_unscaled }, /* unprivileged */
	{ 0x3b200c00, 0x38000c00, decode_unscaled }, /* pre-index */
	{ 0x3b200c00, 0x38200800, decode_register_offset },
	{ 0x3a000000, 0x28000000, decode_pair },
	{ 0x3f000000, 0x08000000, decode_ordered },
	{ 0x3f200c00, 0x19000000, decode_ordered_unscaled },
	{ 0x3f200c00, 0x38200000, decode_atomic },
	{ 0x3b000000, 0x18000000, decode_literal },
	{ 0xbfbf0000, 0x0c000000, decode_structures },
	{ 0xbfa00000, 0x0c800000, decode_structures }, /* post-index */
	{ 0xffffffe0, 0xd50b7420, decode_zero },
};

bool form_decode(struct trap_form *out, uint32_t code)
{
	*out = (struct trap_form){
		.length = 4,
		.base = (uint8_t)bits(code, 5, 5),
		.index = FORM_NO_REGISTER,
		.registers = { (uint8_t)bits(code, 0, 5) },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if ((code & rows[i].mask) == rows[i].value)
			return rows[i].decode(out, code);
	return false;
}
