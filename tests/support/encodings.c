/* SPDX-License-Identifier: BSD-3-Clause */
/* Source of the encodings: Intel's manual, volume 2, chapter 2. */
#include "encodings.h"

#include <Zydis/Zydis.h>
#include <string.h>

#include "harness.h"
#include "trap/x86/cpu.h"

enum {
	LEGACY = 4 * 4 * 3 * 8 * 256,
	VEX = 3 * 4 * 2 * 2 * 2 * 8 * 256,
	EVEX = 3 * 4 * 2 * 3 * 2 * 2 * 8 * 256
};

static uint64_t *seed;

/* Removes the lowest digit from *i, in base n. Repeated calls enumerate all
 * combinations. */
static unsigned int take_digit(size_t *i, unsigned int n)
{
	unsigned int digit = (unsigned int)(*i % n);

	*i /= n;
	return digit;
}

static unsigned int random_below(unsigned int n)
{
	return (unsigned int)(harness_random(seed) % n);
}

/* Segment overrides without a base address. On a processor, an override after
 * gs leaves gs in effect; QEMU then uses no base at all. */
static bool is_null_override(unsigned int opcode)
{
	return opcode == 0x26 || opcode == 0x2e || opcode == 0x36 || opcode == 0x3e;
}

static uint8_t *put_legacy(uint8_t *at, size_t i)
{
	static const uint8_t mandatory[] = { 0, 0x66, 0xf3, 0xf2 };
	unsigned int opcode = take_digit(&i, 256), map = take_digit(&i, 4),
		     prefix = take_digit(&i, 4), rex = take_digit(&i, 3);

	if (!random_below(8))
		*at++ = 0x67;
	if (!random_below(8) && (map || !is_null_override(opcode)))
		*at++ = 0x65;
	if (prefix)
		*at++ = mandatory[prefix];
	if (rex)
		*at++ = (uint8_t)(0x40 | (rex - 1) << 3 | random_below(8));
	if (map)
		*at++ = 0x0f;
	if (map > 1)
		*at++ = map == 2 ? 0x38 : 0x3a;
	*at++ = (uint8_t)opcode;
	*at++ = (uint8_t)(take_digit(&i, 8) << 3);
	return at;
}

static uint8_t *put_vex(uint8_t *at, size_t i)
{
	unsigned int opcode = take_digit(&i, 256), map = take_digit(&i, 3) + 1,
		     pp = take_digit(&i, 4), w = take_digit(&i, 2), l = take_digit(&i, 2);
	unsigned int vvvv = take_digit(&i, 2) ? 15 : random_below(16);

	if (map == 1 && !w && random_below(2)) {
		*at++ = 0xc5;
		*at++ = (uint8_t)(random_below(2) << 7 | vvvv << 3 | l << 2 | pp);
	} else {
		*at++ = 0xc4;
		*at++ = (uint8_t)(random_below(8) << 5 | map);
		*at++ = (uint8_t)(w << 7 | vvvv << 3 | l << 2 | pp);
	}
	*at++ = (uint8_t)opcode;
	*at++ = (uint8_t)(take_digit(&i, 8) << 3);
	return at;
}

static uint8_t *put_evex(uint8_t *at, size_t i)
{
	unsigned int opcode = take_digit(&i, 256), map = take_digit(&i, 3) + 1,
		     pp = take_digit(&i, 4), w = take_digit(&i, 2), l = take_digit(&i, 3);
	unsigned int broadcast = take_digit(&i, 2), any = take_digit(&i, 2),
		     vvvv = any ? 31 : random_below(32);
	unsigned int mask = random_below(3) ? 0 : random_below(8),
		     zero = mask ? random_below(2) : 0;

	*at++ = 0x62;
	*at++ = (uint8_t)(random_below(16) << 4 | map);
	*at++ = (uint8_t)(w << 7 | (vvvv & 15) << 3 | 4 | pp);
	*at++ = (uint8_t)(zero << 7 | l << 5 | broadcast << 4 | (vvvv & 16) >> 1 | mask);
	*at++ = (uint8_t)opcode;
	*at++ = (uint8_t)(take_digit(&i, 8) << 3);
	return at;
}

/* Fills the mode and r/m fields of the ModRM byte at `at`, and the SIB byte,
 * displacement and immediate after it. */
static void put_rest(uint8_t *at)
{
	unsigned int mode = random_below(8) ? random_below(3) : 0, rm = random_below(8);

	*at = (uint8_t)(at[0] | mode << 6 | rm);
	at++;
	if (rm == 4)
		*at++ = (uint8_t)random_below(255);
	for (unsigned int i = 0; i < 8; i++)
		*at++ = (uint8_t)random_below(255);
	/* Keep a 32-bit displacement small, and the code in front of the
	 * operand. */
	at -= 8;
	if (mode == 2)
		at[2] = at[3] = 0;
}

static bool decode_name(struct encoding *encoding)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction instruction;
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, encoding->example.code,
						 sizeof(encoding->example.code), &instruction,
						 operands)))
		return false;
	snprintf(encoding->name, sizeof(encoding->name), "%s",
		 ZydisMnemonicGetString(instruction.mnemonic));
	return true;
}

size_t encodings_count(void)
{
	return LEGACY + VEX + EVEX;
}

bool encodings_make(struct encoding *encoding, size_t i, uint64_t *random)
{
	uint8_t *code = encoding->example.code, *end;
	uint8_t buffer[32] = { 0 };

	seed = random;
	memset(encoding, 0, sizeof(*encoding));
	if (i < LEGACY)
		end = put_legacy(buffer, i);
	else if (i < LEGACY + VEX)
		end = put_vex(buffer, i - LEGACY);
	else
		end = put_evex(buffer, i - LEGACY - VEX);
	put_rest(end - 1);
	memcpy(code, buffer, sizeof(encoding->example.code));
	if (!insn_decode(&encoding->insn, code, sizeof(encoding->example.code)))
		return false;
	encoding->example.length = encoding->insn.length;
	switch (encoding->insn.kind) {
	case INSN_UNKNOWN:
	case INSN_STRING:
	case INSN_STACK:
	case INSN_NOTHING:
	case INSN_BIT:
		return false;
	default:
		return decode_name(encoding);
	}
}

/* Makes a RIP-relative displacement reach the operand. The operand is at the
 * offset that the decoder gives. */
static bool aim_from_code(struct encoding *encoding, uintptr_t operand)
{
	struct example *example = &encoding->example;
	uint32_t displacement, now = (uint32_t)encoding->insn.displacement;

	displacement = (uint32_t)(operand - INSN_CASES_CODE - example->length);
	for (unsigned int i = 1; i + 4 <= example->length; i++) {
		if (memcmp(example->code + i, &now, 4))
			continue;
		memcpy(example->code + i, &displacement, 4);
		return insn_decode(&encoding->insn, example->code, example->length) &&
		       (uint32_t)encoding->insn.displacement == displacement;
	}
	return false;
}

bool encodings_aim(struct encoding *encoding, uintptr_t operand, uint64_t *random)
{
	const struct insn *insn = &encoding->insn;
	uint64_t *gprs = encoding->example.before.gprs;
	uint64_t address = operand - (insn->segment == CPU_GS ? INSN_CASES_GS_BASE : 0);

	seed = random;
	if (insn->segment == CPU_FS)
		return false;
	if (insn->base == CPU_PC)
		return aim_from_code(encoding, address);
	if (insn->base == INSN_NO_REGISTER || insn->base == insn->index || insn->base == 4)
		return false;
	address -= (uint64_t)insn->displacement;
	if (insn->index != INSN_NO_REGISTER) {
		gprs[insn->index] = harness_random(seed) % 65536;
		address -= gprs[insn->index] * insn->scale;
	}
	gprs[insn->base] =
		insn->address32 ? (uint32_t)address | harness_random(seed) << 32 : address;
	return true;
}
