/* SPDX-License-Identifier: BSD-3-Clause */
#include "trap/arm64/insn.h"

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
static bool is_unpredictable(const struct insn *insn)
{
	if (insn->reads && insn->n == 2 && insn->registers[0] == insn->registers[1])
		return true;
	if (insn->uses_vector || insn->writeback == INSN_OFFSET || insn->base == INSN_REGISTER_31)
		return false;
	for (unsigned int i = 0; i < insn->n; i++)
		if (insn->registers[i] == insn->base)
			return true;
	return false;
}

/* A load or store of n registers of `width` bytes each. */
static bool make_access(struct insn *insn, bool load, unsigned int width, unsigned int n)
{
	if (insn->uses_vector)
		insn->kind = load ? INSN_VECTOR_LOAD : INSN_VECTOR_STORE;
	else
		insn->kind = load ? INSN_LOAD : INSN_STORE;
	insn->width = (uint8_t)(width * n);
	insn->n = (uint8_t)n;
	insn->reads = load;
	insn->writes = !load;
	if (is_unpredictable(insn))
		insn->kind = INSN_UNKNOWN;
	return true;
}

/* Known to read or write, and not emulated. */
static bool make_unknown(struct insn *insn, bool reads, bool writes, unsigned int width)
{
	insn->kind = INSN_UNKNOWN;
	insn->reads = reads;
	insn->writes = writes;
	insn->width = (uint8_t)width;
	return true;
}

/* Loads and stores of one register, by the fields size, V and opc. A prefetch
 * never faults. */
static bool decode_single(struct insn *insn, uint32_t code)
{
	unsigned int size = bits(code, 30, 2), opc = bits(code, 22, 2);

	insn->uses_vector = bits(code, 26, 1);
	if (insn->uses_vector) {
		if (opc > 1 && size)
			return false;
		return make_access(insn, opc & 1, opc > 1 ? 16 : 1U << size, 1);
	}
	if (opc > 1) {
		if (size == 3 || (size == 2 && opc == 3))
			return false;
		insn->sign_extend = opc == 2 ? 8 : 4;
	}
	return make_access(insn, opc, 1U << size, 1);
}

static bool decode_unscaled(struct insn *insn, uint32_t code)
{
	static const uint8_t writebacks[] = { INSN_OFFSET, INSN_POST_INDEX, INSN_OFFSET,
					      INSN_PRE_INDEX };

	insn->displacement = signed_bits(code, 12, 9);
	insn->writeback = writebacks[bits(code, 10, 2)];
	return decode_single(insn, code);
}

/* Bytes of the register of an instruction of decode_single(), as a shift. */
static unsigned int scale_of(uint32_t code)
{
	return bits(code, 26, 1) && bits(code, 23, 1) ? 4 : bits(code, 30, 2);
}

static bool decode_unsigned(struct insn *insn, uint32_t code)
{
	insn->displacement = (int64_t)bits(code, 10, 12) << scale_of(code);
	return decode_single(insn, code);
}

static bool decode_register_offset(struct insn *insn, uint32_t code)
{
	insn->index = (uint8_t)bits(code, 16, 5);
	insn->extend = (uint8_t)bits(code, 13, 3);
	insn->shift = (uint8_t)(bits(code, 12, 1) ? scale_of(code) : 0);
	if (!(insn->extend & 2))
		return false;
	return decode_single(insn, code);
}

/* LDAPUR, STLUR and their signed forms: fields as in decode_single(). */
static bool decode_ordered_unscaled(struct insn *insn, uint32_t code)
{
	insn->displacement = signed_bits(code, 12, 9);
	return decode_single(insn, code);
}

static bool decode_literal(struct insn *insn, uint32_t code)
{
	unsigned int opc = bits(code, 30, 2);

	insn->uses_vector = bits(code, 26, 1);
	insn->base = INSN_PC;
	insn->displacement = signed_bits(code, 5, 19) * 4;
	if (insn->uses_vector)
		return opc < 3 && make_access(insn, true, 4U << opc, 1);
	insn->sign_extend = opc == 2 ? 8 : 0;
	return opc < 3 && make_access(insn, true, opc == 1 ? 8 : 4, 1);
}

static bool decode_pair(struct insn *insn, uint32_t code)
{
	static const uint8_t writebacks[] = { INSN_OFFSET, INSN_POST_INDEX, INSN_OFFSET,
					      INSN_PRE_INDEX };
	unsigned int opc = bits(code, 30, 2), mode = bits(code, 23, 2), width;
	bool load = bits(code, 22, 1);

	insn->uses_vector = bits(code, 26, 1);
	insn->registers[1] = (uint8_t)bits(code, 10, 5);
	insn->writeback = writebacks[mode];
	if (opc == 3)
		return false;
	width = insn->uses_vector ? 4U << opc : opc == 2 ? 8 : 4;
	if (!insn->uses_vector && opc == 1) {
		/* LDPSW; as a store it is STGP, and has no no-allocate form. */
		if (!load || !mode)
			return false;
		insn->sign_extend = 8;
	}
	insn->displacement = signed_bits(code, 15, 7) * width;
	return make_access(insn, load, width, 2);
}

/* Exclusives, ordered accesses, and compare and swap. */
static bool decode_ordered(struct insn *insn, uint32_t code)
{
	unsigned int width = 1U << bits(code, 30, 2);
	bool load = bits(code, 22, 1), pair = bits(code, 21, 1);

	if (!bits(code, 23, 1)) {
		/* The signal loses the monitor, and a pair of less than 32 bits
		 * is CASP. */
		if (pair && width < 4)
			return make_unknown(insn, true, true, 8 * width);
		return make_unknown(insn, load, !load, pair ? 2 * width : width);
	}
	if (!pair)
		return make_access(insn, load, width, 1);
	if (bits(code, 10, 5) != INSN_REGISTER_31)
		return false;
	make_access(insn, true, width, 1);
	insn->kind = INSN_COMPARE_SWAP;
	insn->writes = true;
	insn->source = (uint8_t)bits(code, 16, 5);
	return true;
}

static bool decode_atomic(struct insn *insn, uint32_t code)
{
	unsigned int width = 1U << bits(code, 30, 2), opc = bits(code, 12, 3);
	unsigned int order = bits(code, 22, 2);

	if (bits(code, 15, 1) && opc) {
		if (opc == 4 && order == 2) /* LDAPR */
			return make_access(insn, true, width, 1);
		/* LD64B, ST64B and others */
		return width == 8 && !order && opc != 4 &&
		       make_unknown(insn, opc == 5, opc != 5, 64);
	}
	make_access(insn, true, width, 1);
	insn->kind = INSN_ATOMIC;
	insn->writes = true;
	insn->op = (uint8_t)(bits(code, 15, 1) ? INSN_SWAP : opc);
	insn->source = (uint8_t)bits(code, 16, 5);
	return true;
}

/* LD1 and ST1 of whole registers; others take their elements apart. */
static bool decode_structures(struct insn *insn, uint32_t code)
{
	static const uint8_t counts[16] = { [2] = 4, [6] = 3, [7] = 1, [10] = 2 };
	static const uint8_t taken_apart[16] = { [0] = 4, [4] = 3, [8] = 2 };
	unsigned int n = counts[bits(code, 12, 4)], width = bits(code, 30, 1) ? 16 : 8;
	bool load = bits(code, 22, 1), post = bits(code, 23, 1);

	insn->uses_vector = true;
	if (!n) {
		n = taken_apart[bits(code, 12, 4)];
		return n && make_unknown(insn, load, !load, width * n);
	}
	for (unsigned int i = 0; i < n; i++)
		insn->registers[i] = (uint8_t)((bits(code, 0, 5) + i) % 32);
	if (post) {
		insn->writeback = INSN_POST_INDEX;
		insn->index = (uint8_t)bits(code, 16, 5);
		insn->extend = 3;
		if (insn->index == INSN_REGISTER_31) {
			insn->index = INSN_NO_REGISTER;
			insn->displacement = width * n;
		}
	}
	return make_access(insn, load, width, n);
}

/* DC ZVA writes zeros to as many bytes as the processor says. */
static bool decode_zero(struct insn *insn, uint32_t code)
{
	(void)code;
	return make_unknown(insn, false, true, 0);
}

static const struct row {
	uint32_t mask, value;
	bool (*decode)(struct insn *insn, uint32_t code);
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

bool insn_decode(struct insn *out, uint32_t code)
{
	*out = (struct insn){
		.length = 4,
		.base = (uint8_t)bits(code, 5, 5),
		.index = INSN_NO_REGISTER,
		.registers = { (uint8_t)bits(code, 0, 5) },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if ((code & rows[i].mask) == rows[i].value)
			return rows[i].decode(out, code);
	return false;
}
