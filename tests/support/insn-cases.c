/* SPDX-License-Identifier: BSD-3-Clause */
#include "insn-cases.h"

#include <Zydis/Zydis.h>
#include <asm/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"
#include "insn-forms.h"

enum { PAGE = INSN_CASES_PAGE, SIZE = INSN_CASES_SIZE };

#define BASE INSN_CASES_BASE

static uint64_t *seed;

static uint64_t random_below(uint64_t n)
{
	return harness_random(seed) % n;
}

static ZydisRegister general_register(unsigned int number, unsigned int width)
{
	static const ZydisRegisterClass classes[] = {
		[1] = ZYDIS_REGCLASS_GPR8,
		[2] = ZYDIS_REGCLASS_GPR16,
		[4] = ZYDIS_REGCLASS_GPR32,
		[8] = ZYDIS_REGCLASS_GPR64,
	};

	/* In this numbering ah to bh are between bl and spl. */
	return ZydisRegisterEncode(classes[width],
				   (uint8_t)(width == 1 && number >= 4 ? number + 4 : number));
}

static unsigned int any_gpr(void)
{
	unsigned int number = (unsigned int)random_below(15);

	return number < MACHINE_STACK ? number : number + 1;
}

/* An address that makes an access of `width` bytes touch a hole, often at an
 * edge. */
static uintptr_t target_address(size_t width, bool aligned)
{
	static const unsigned int edges[] = { PAGE, 2 * PAGE, 3 * PAGE, 4 * PAGE };
	uintptr_t address =
		BASE + (random_below(2) ? PAGE : 3 * PAGE) + random_below(PAGE - width + 1);

	if (aligned)
		return address & ~(uintptr_t)(width - 1);
	if (width > 1 && !random_below(3))
		return BASE + edges[random_below(4)] - 1 - random_below(width - 1);
	return address;
}

/* Makes an operand for an address, and sets the registers that it uses. */
static void address_operand(ZydisEncoderRequest *request, ZydisEncoderOperand *operand,
			    struct machine *machine, uintptr_t address, unsigned int avoid)
{
	static const uint8_t scales[] = { 1, 2, 4, 8 };
	unsigned int base, index, width = random_below(5) ? 8 : 4;
	uint64_t fs;

	do
		base = any_gpr(), index = any_gpr();
	while (base == index || base == avoid || index == avoid);
	operand->type = ZYDIS_OPERAND_TYPE_MEMORY;
	if (!random_below(8)) {
		operand->mem.base = ZYDIS_REGISTER_RIP;
		/* encode_request() makes this relative to the code. */
		operand->mem.displacement = (int64_t)address;
		return;
	}
	if (!random_below(6)) {
		request->prefixes |= ZYDIS_ATTRIB_HAS_SEGMENT_GS;
		address -= INSN_CASES_GS_BASE;
	} else if (!random_below(6)) {
		syscall(SYS_arch_prctl, ARCH_GET_FS, &fs);
		request->prefixes |= ZYDIS_ATTRIB_HAS_SEGMENT_FS;
		address -= fs;
		width = 8;
	}
	operand->mem.base = general_register(base, width);
	if (random_below(2))
		operand->mem.displacement = random_below(2)
						    ? (int64_t)random_below(256) - 128
						    : (int64_t)random_below(1 << 20) - (1 << 19);
	address -= (uint64_t)operand->mem.displacement;
	if (random_below(2)) {
		operand->mem.index = general_register(index, width);
		operand->mem.scale = scales[random_below(4)];
		machine->gprs[index] = random_below(2)
					       ? random_below(1 << 16)
					       : (uint64_t) - (int64_t)random_below(1 << 16);
		address -= machine->gprs[index] * operand->mem.scale;
	}
	machine->gprs[base] = width == 4 ? (uint32_t)address : address;
	/* The upper half of a 32-bit address register has no effect. */
	if (width == 4)
		machine->gprs[base] |= harness_random(seed) << 32;
}

static bool encode_request(struct example *example, ZydisEncoderRequest *request)
{
	size_t length = sizeof(example->code);

	request->machine_mode = ZYDIS_MACHINE_MODE_LONG_64;
	for (unsigned int i = 0; i < request->operand_count; i++) {
		ZydisEncoderOperand *operand = &request->operands[i];
		int64_t address = operand->mem.displacement;

		if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    operand->mem.base != ZYDIS_REGISTER_RIP)
			continue;
		operand->mem.displacement = 0x1000000;
		if (!ZYAN_SUCCESS(ZydisEncoderEncodeInstruction(request, example->code, &length)))
			return false;
		operand->mem.displacement = address - (int64_t)(INSN_CASES_CODE + length);
		length = sizeof(example->code);
	}
	if (!ZYAN_SUCCESS(ZydisEncoderEncodeInstruction(request, example->code, &length)))
		return false;
	example->length = (uint8_t)length;
	return true;
}

static void add_register(ZydisEncoderRequest *request, ZydisRegister reg)
{
	ZydisEncoderOperand *operand = &request->operands[request->operand_count++];

	operand->type = ZYDIS_OPERAND_TYPE_REGISTER;
	operand->reg.value = reg;
}

static void add_immediate(ZydisEncoderRequest *request, unsigned int width)
{
	ZydisEncoderOperand *operand = &request->operands[request->operand_count++];
	uint64_t value = harness_random(seed);

	operand->type = ZYDIS_OPERAND_TYPE_IMMEDIATE;
	operand->imm.s = width == 1 || random_below(2) ? (int8_t)value
			 : width == 2		       ? (int16_t)value
						       : (int32_t)value;
}

/* Adds the register operand beside the memory operand. */
static void add_other(ZydisEncoderRequest *request, const struct form *form, unsigned int width,
		      unsigned int reg)
{
	if (form->vector) {
		add_register(request, ZydisRegisterEncode(form->vector == 16 ? ZYDIS_REGCLASS_XMM
									     : ZYDIS_REGCLASS_YMM,
							  (uint8_t)reg));
		return;
	}
	if (form->shape == EXTEND)
		for (width = 8; width > form->to && random_below(2);)
			width /= 2;
	if (width == 1 && form->shape != EXTEND && !random_below(4))
		add_register(request, (ZydisRegister)(ZYDIS_REGISTER_AH + random_below(4)));
	else
		add_register(request, general_register(reg, width));
}

static bool is_load(const struct form *form)
{
	if (form->shape == BINARY)
		return form->mnemonic != ZYDIS_MNEMONIC_TEST && !random_below(3);
	return form->shape == LOAD || form->shape == EXTEND || form->shape == VECTOR_LOAD;
}

static bool may_lock(const struct form *form, bool load)
{
	if (load || form->mnemonic == ZYDIS_MNEMONIC_CMP || form->mnemonic == ZYDIS_MNEMONIC_TEST ||
	    form->mnemonic == ZYDIS_MNEMONIC_BT)
		return false;
	return form->shape == BINARY || form->shape == UNARY || form->shape == BITS ||
	       form->shape == EXCHANGE;
}

/* Sets a bit number that reaches far from the operand's first byte. Returns the
 * distance in bytes. */
static int64_t choose_bit(struct machine *machine, unsigned int reg, unsigned int width)
{
	int64_t bit = (int64_t)random_below(4000) - 2000;
	uint64_t value = (uint64_t)bit;

	if (width == 4)
		value = (uint32_t)value | harness_random(seed) << 32;
	if (width == 2)
		value = (uint16_t)value | harness_random(seed) << 16;
	machine->gprs[reg] = value;
	return (bit >> (width == 2 ? 4 : width == 4 ? 5 : 6)) * (int64_t)width;
}

static bool make_form(struct example *example, const struct form *form)
{
	ZydisEncoderRequest request = { .mnemonic = form->mnemonic };
	ZydisEncoderOperand *operand;
	struct machine *machine = &example->before;
	bool load = is_load(form), lock = may_lock(form, load) && !random_below(4);
	unsigned int width, reg = any_gpr();
	uintptr_t address;

	do
		width = 1U << random_below(6);
	while (!(form->widths & width));
	/* A locked access across cache lines faults for another reason. */
	address = target_address(width,
				 form->aligned || lock || form->mnemonic == ZYDIS_MNEMONIC_XCHG);
	if (form->evex)
		request.allowed_encodings = ZYDIS_ENCODABLE_ENCODING_EVEX;
	if (lock)
		request.prefixes |= ZYDIS_ATTRIB_HAS_LOCK;
	if (load)
		add_other(&request, form, width, reg);
	if (load && form->evex)
		add_register(&request, ZYDIS_REGISTER_K0);
	operand = &request.operands[request.operand_count++];
	operand->mem.size = (uint16_t)width;
	if (!load && form->evex)
		add_register(&request, ZYDIS_REGISTER_K0);
	if (form->shape == BITS && random_below(2)) {
		address -= (uintptr_t)choose_bit(machine, reg, width);
		address_operand(&request, operand, machine, address, reg);
		add_register(&request, general_register(reg, width));
		return encode_request(example, &request);
	}
	address_operand(&request, operand, machine, address, 99);
	if (load)
		return encode_request(example, &request);
	if (form->shape == BITS || form->shape == STORE_IMMEDIATE ||
	    (form->shape == BINARY && random_below(2)))
		add_immediate(&request, form->shape == BITS ? 1 : width);
	else if (form->shape != UNARY)
		add_other(&request, form, width, reg);
	return encode_request(example, &request);
}

static void any_state(struct machine *machine)
{
	uint64_t *words = (uint64_t *)machine;

	for (size_t i = 0; i < sizeof(*machine) / sizeof(*words); i++)
		words[i] = random_below(8) ? harness_random(seed) : random_below(3) - 1;
	machine->flags = 2 | (machine->flags & MACHINE_STATUS);
	machine->mxcsr = MACHINE_MXCSR;
}

/* Makes movs, cmps, stos, lods or scas with any prefix, between two random
 * places. */
static void make_string(struct example *example)
{
	static const uint8_t opcodes[] = { 0xa4, 0xa6, 0xaa, 0xac, 0xae };
	uint8_t *code = example->code, opcode = opcodes[random_below(5)];
	struct machine *machine = &example->before;
	unsigned int width = 1U << random_below(4);
	bool down = random_below(2), address32 = !random_below(4), gs = !random_below(5),
	     repeat = random_below(3);
	uint64_t count = 1 + random_below(60);

	/* All elements must fit in both directions on the five pages around the
	 * holes. */
	for (unsigned int reg = 6; reg <= 7; reg++)
		machine->gprs[reg] = BASE + PAGE / 2 + random_below(SIZE - PAGE / 2);
	if (random_below(2))
		machine->gprs[6 + random_below(2)] = BASE + PAGE + random_below(PAGE);
	if (gs)
		machine->gprs[6] -= INSN_CASES_GS_BASE;
	machine->gprs[1] = repeat || random_below(2) ? count : 0;
	if (address32)
		*code++ = 0x67;
	if (gs)
		*code++ = 0x65;
	if (repeat) /* rep or repe; cmps and scas also take repne */
		*code++ = (opcode == 0xa6 || opcode == 0xae) && random_below(2) ? 0xf2 : 0xf3;
	if (width == 2)
		*code++ = 0x66;
	if (width == 8)
		*code++ = 0x48;
	*code++ = (uint8_t)(opcode + (width > 1));
	example->length = (uint8_t)(code - example->code);
	machine->flags |= down ? MACHINE_DF : 0;
}

size_t insn_cases_count(void)
{
	return insn_forms_count() + 1;
}

const char *insn_cases_name(size_t i)
{
	const struct form *form = insn_forms_get(i);

	return form ? ZydisMnemonicGetString(form->mnemonic) : "string";
}

bool insn_cases_make(struct example *example, size_t i, uint64_t *random)
{
	const struct form *form = insn_forms_get(i);

	seed = random;
	if (form && !insn_forms_supported(form))
		return false;
	/* Some combinations, such as ah with a register that needs a prefix,
	 * cannot be encoded. */
	do {
		memset(example, 0, sizeof(*example));
		any_state(&example->before);
		if (!form)
			make_string(example);
	} while (form && !make_form(example, form));
	return true;
}
