/* SPDX-License-Identifier: BSD-3-Clause */
/* Converts Zydis' description of an instruction to a form. */
#include "trap/x86/alu.h"
#include "trap/x86/decode.h"
#include "trap/x86/machine.h"
#include "trap/scratch.h"

struct rule {
	ZydisMnemonic mnemonic;
	enum form_kind kind;
	uint8_t op;
};

#define RULE(name, kind, op) \
	{ \
		ZYDIS_MNEMONIC_##name, kind, op \
	}

static const struct rule string_rules[] = {
	RULE(MOVSB, FORM_STRING, FORM_MOVS), RULE(MOVSW, FORM_STRING, FORM_MOVS),
	RULE(MOVSD, FORM_STRING, FORM_MOVS), RULE(MOVSQ, FORM_STRING, FORM_MOVS),
	RULE(STOSB, FORM_STRING, FORM_STOS), RULE(STOSW, FORM_STRING, FORM_STOS),
	RULE(STOSD, FORM_STRING, FORM_STOS), RULE(STOSQ, FORM_STRING, FORM_STOS),
	RULE(LODSB, FORM_STRING, FORM_LODS), RULE(LODSW, FORM_STRING, FORM_LODS),
	RULE(LODSD, FORM_STRING, FORM_LODS), RULE(LODSQ, FORM_STRING, FORM_LODS),
	RULE(CMPSB, FORM_STRING, FORM_CMPS), RULE(CMPSW, FORM_STRING, FORM_CMPS),
	RULE(CMPSD, FORM_STRING, FORM_CMPS), RULE(CMPSQ, FORM_STRING, FORM_CMPS),
	RULE(SCASB, FORM_STRING, FORM_SCAS), RULE(SCASW, FORM_STRING, FORM_SCAS),
	RULE(SCASD, FORM_STRING, FORM_SCAS), RULE(SCASQ, FORM_STRING, FORM_SCAS),
};

/* The rules of loads also cover stores, whose destination is memory. */
static const struct rule rules[] = {
	RULE(MOV, FORM_LOAD, FORM_ZERO),
	RULE(MOVZX, FORM_LOAD, FORM_ZERO),
	RULE(MOVSX, FORM_LOAD, FORM_SIGN),
	RULE(MOVSXD, FORM_LOAD, FORM_SIGN),
	RULE(MOVBE, FORM_LOAD, FORM_SWAP),
	RULE(MOVNTI, FORM_LOAD, FORM_ZERO),
	RULE(MOVDIRI, FORM_LOAD, FORM_ZERO),
	RULE(ADD, FORM_BINARY, ALU_ADD),
	RULE(OR, FORM_BINARY, ALU_OR),
	RULE(ADC, FORM_BINARY, ALU_ADC),
	RULE(SBB, FORM_BINARY, ALU_SBB),
	RULE(AND, FORM_BINARY, ALU_AND),
	RULE(SUB, FORM_BINARY, ALU_SUB),
	RULE(XOR, FORM_BINARY, ALU_XOR),
	RULE(CMP, FORM_BINARY, ALU_CMP),
	RULE(TEST, FORM_BINARY, ALU_TEST),
	RULE(NOT, FORM_UNARY, ALU_NOT),
	RULE(NEG, FORM_UNARY, ALU_NEG),
	RULE(INC, FORM_UNARY, ALU_INC),
	RULE(DEC, FORM_UNARY, ALU_DEC),
	RULE(BT, FORM_BIT, ALU_BT),
	RULE(BTS, FORM_BIT, ALU_BTS),
	RULE(BTR, FORM_BIT, ALU_BTR),
	RULE(BTC, FORM_BIT, ALU_BTC),
	RULE(XCHG, FORM_XCHG, 0),
	RULE(XADD, FORM_XADD, 0),
	RULE(CMPXCHG, FORM_CMPXCHG, 0),
	RULE(PUSH, FORM_STACK, FORM_PUSH),
	RULE(POP, FORM_STACK, FORM_POP),
	RULE(CALL, FORM_STACK, FORM_CALL),
	RULE(JMP, FORM_STACK, FORM_JUMP),
	RULE(CLFLUSH, FORM_NOTHING, 0),
	RULE(CLFLUSHOPT, FORM_NOTHING, 0),
	RULE(CLWB, FORM_NOTHING, 0),
	RULE(MOVD, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVQ, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVSS, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVSD, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVUPS, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVUPD, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVAPS, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVAPD, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVDQU, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVDQA, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(LDDQU, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVNTDQA, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVNTDQ, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVNTPS, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVNTPD, FORM_VECTOR_LOAD, FORM_LOW),
	RULE(MOVLPS, FORM_VECTOR_LOAD, FORM_LOW_HALF),
	RULE(MOVLPD, FORM_VECTOR_LOAD, FORM_LOW_HALF),
	RULE(MOVHPS, FORM_VECTOR_LOAD, FORM_HIGH_HALF),
	RULE(MOVHPD, FORM_VECTOR_LOAD, FORM_HIGH_HALF),
	RULE(VMOVD, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVQ, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVSS, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVSD, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVUPS, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVUPD, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVAPS, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVAPD, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVDQU, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVDQA, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VLDDQU, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVNTDQA, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVNTDQ, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVNTPS, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVNTPD, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVDQU8, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVDQU16, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVDQU32, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVDQU64, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVDQA32, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVDQA64, FORM_VECTOR_LOAD, FORM_LOW_AVX),
	RULE(VMOVLPS, FORM_VECTOR_STORE, FORM_LOW_HALF),
	RULE(VMOVLPD, FORM_VECTOR_STORE, FORM_LOW_HALF),
	RULE(VMOVHPS, FORM_VECTOR_STORE, FORM_HIGH_HALF),
	RULE(VMOVHPD, FORM_VECTOR_STORE, FORM_HIGH_HALF),
};

static const struct rule *find_rule(const ZydisDecodedInstruction *instruction)
{
	/* SSE's movsd has the same mnemonic as the string instruction. */
	bool string = instruction->meta.category == ZYDIS_CATEGORY_STRINGOP;
	const struct rule *from = string ? string_rules : rules;
	size_t n =
		string ? sizeof(string_rules) / sizeof(rules[0]) : sizeof(rules) / sizeof(rules[0]);

	for (size_t i = 0; i < n; i++)
		if (from[i].mnemonic == instruction->mnemonic)
			return &from[i];
	return NULL;
}

static const ZydisDecodedOperand *find_memory(const struct decoded *decoded)
{
	for (size_t i = 0; i < decoded->instruction.operand_count; i++) {
		const ZydisDecodedOperand *operand = &decoded->operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    operand->mem.type == ZYDIS_MEMOP_TYPE_MEM)
			return operand;
	}
	return NULL;
}

/* The number of a general register. *high tells whether it is ah, ch, dh or
 * bh. */
static uint8_t register_number(ZydisRegister reg, bool *high)
{
	ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);

	*high = reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH;
	if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP)
		return MACHINE_PC;
	if (ZydisRegisterGetClass(whole) != ZYDIS_REGCLASS_GPR64)
		return FORM_NO_REGISTER;
	return (uint8_t)ZydisRegisterGetId(whole);
}

static void read_address(struct trap_form *form, const struct decoded *decoded,
			 const ZydisDecodedOperand *memory)
{
	bool high;

	form->base = register_number(memory->mem.base, &high);
	form->index = register_number(memory->mem.index, &high);
	form->scale = memory->mem.scale;
	form->displacement = memory->mem.disp.has_displacement ? memory->mem.disp.value : 0;
	form->address32 = decoded->instruction.address_width == 32;
	form->width = (uint8_t)(memory->size / 8);
	form->reads = memory->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
	form->writes = memory->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
	form->memory_first = memory == &decoded->operands[0];
	if (decoded->instruction.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_FS)
		form->segment = MACHINE_FS;
	else if (decoded->instruction.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS)
		form->segment = MACHINE_GS;
}

/* Reads the operand that is not in memory. Returns false if the emulation does
 * not support it. */
static bool read_other(struct trap_form *form, const ZydisDecodedOperand *operand)
{
	bool high;

	if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		form->other = FORM_IMMEDIATE;
		form->immediate = operand->imm.value.u;
		return true;
	}
	if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER)
		return false;
	form->reg = register_number(operand->reg.value, &high);
	form->reg_width = (uint8_t)(operand->size / 8);
	form->other = high ? FORM_HIGH_BYTE : FORM_REGISTER;
	return form->reg < MACHINE_GPRS;
}

/* Reads the mask, which selects the elements that are moved. */
static bool read_mask(struct trap_form *form, const struct decoded *decoded)
{
	const ZydisDecodedOperand *memory =
		&decoded->operands[form->memory_first ? 0
						      : decoded->instruction.operand_count - 1U];

	switch (decoded->instruction.avx.mask.mode) {
	case ZYDIS_MASK_MODE_INVALID:
	case ZYDIS_MASK_MODE_DISABLED:
		return true;
	case ZYDIS_MASK_MODE_MERGING:
	case ZYDIS_MASK_MODE_ZEROING:
		form->mask = (uint8_t)ZydisRegisterGetId(decoded->instruction.avx.mask.reg);
		form->element = (uint8_t)(memory->element_size / 8);
		form->zeroes = decoded->instruction.avx.mask.mode == ZYDIS_MASK_MODE_ZEROING;
		return form->mask && form->element;
	default:
		return false;
	}
}

/* Reads the vector register operand. */
static bool read_vector(struct trap_form *form, const struct decoded *decoded)
{
	size_t last = decoded->instruction.operand_count - 1U;
	const ZydisDecodedOperand *operand = &decoded->operands[form->memory_first ? last : 0];
	ZydisRegisterClass class;

	if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER || !read_mask(form, decoded))
		return false;
	class = ZydisRegisterGetClass(operand->reg.value);
	form->other = FORM_REGISTER;
	form->reg = (uint8_t)ZydisRegisterGetId(operand->reg.value);
	form->uses_vector = true;
	return class == ZYDIS_REGCLASS_XMM || class == ZYDIS_REGCLASS_YMM ||
	       class == ZYDIS_REGCLASS_ZMM;
}

/* A push or pop of 16 bits is rare but supported. Calls and jumps of 16 bits
 * are not, since they differ between processors. */
static bool read_stack(const struct trap_form *form)
{
	if (!form->memory_first) /* the memory operand is the stack */
		return false;
	return form->width == 8 ||
	       (form->width == 2 && (form->op == FORM_PUSH || form->op == FORM_POP));
}

static bool read_string(struct trap_form *form, const ZydisDecodedInstruction *instruction)
{
	if (instruction->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE))
		form->repeat = FORM_REP;
	else if (instruction->attributes & ZYDIS_ATTRIB_HAS_REPNE)
		form->repeat = FORM_REPNE;
	return true;
}

static bool read_operands(struct trap_form *form, const struct decoded *decoded)
{
	switch (form->kind) {
	case FORM_STRING:
		return read_string(form, &decoded->instruction);
	case FORM_UNARY:
	case FORM_NOTHING:
		return true;
	case FORM_STACK:
		return read_stack(form);
	case FORM_VECTOR_STORE:
		return form->memory_first && read_vector(form, decoded);
	case FORM_VECTOR_LOAD:
		if (form->memory_first)
			form->kind = FORM_VECTOR_STORE;
		return read_vector(form, decoded);
	case FORM_LOAD:
		if (form->memory_first)
			form->kind = FORM_STORE;
		return read_other(form, &decoded->operands[form->memory_first]);
	default:
		return read_other(form, &decoded->operands[form->memory_first]);
	}
}

/* For an operand with a displacement only and an ignored extension bit that is
 * set, Zydis 4.0 reports r13 as the base. Assemblers do not generate such
 * code. */
static bool is_misread(const struct decoded *decoded, const ZydisDecodedOperand *memory,
		       const uint8_t *code)
{
	const ZydisDecodedInstruction *instruction = &decoded->instruction;

	return instruction->attributes & ZYDIS_ATTRIB_HAS_SIB && instruction->raw.modrm.mod == 0 &&
	       (code[instruction->raw.sib.offset] & 7) == 5 &&
	       memory->mem.base != ZYDIS_REGISTER_NONE;
}

static bool decode_in(struct decoded *decoded, struct trap_form *form, const uint8_t *code,
		      size_t length)
{
	const ZydisDecodedOperand *memory;
	const struct rule *rule;
	ZydisDecoder decoder;

	if (!ZYAN_SUCCESS(
		    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)) ||
	    !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, length, &decoded->instruction,
						 decoded->operands)))
		return false;
	*form = (struct trap_form){ .length = decoded->instruction.length };
	memory = find_memory(decoded);
	if (!memory)
		return true;
	if (is_misread(decoded, memory, code))
		return false;
	read_address(form, decoded, memory);
	rule = find_rule(&decoded->instruction);
	if (rule) {
		form->kind = (uint8_t)rule->kind;
		form->op = rule->op;
	}
	if ((!rule || !read_operands(form, decoded)) && !rewrite(form, decoded, memory, code))
		form->kind = FORM_UNKNOWN;
	return true;
}

static __attribute__((noinline)) bool decode_on_stack(struct trap_form *form, const uint8_t *code,
						      size_t length)
{
	struct decoded decoded;

	return decode_in(&decoded, form, code, length);
}

bool form_decode(struct trap_form *form, const uint8_t *code, size_t length)
{
	struct decoded *decoded;
	bool r;

	_Static_assert(sizeof(*decoded) <= SCRATCH_SIZE, "what Zydis says of an instruction fits");
	decoded = scratch_take();
	if (!decoded)
		return decode_on_stack(form, code, length);
	r = decode_in(decoded, form, code, length);
	scratch_give(decoded);
	return r;
}
