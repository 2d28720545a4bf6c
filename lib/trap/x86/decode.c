/* SPDX-License-Identifier: BSD-3-Clause */
/* Converts Zydis' description of an instruction to struct insn. */
#include "trap/x86/alu.h"
#include "trap/x86/decode.h"
#include "trap/x86/cpu.h"
#include "trap/scratch.h"

struct rule {
	ZydisMnemonic mnemonic;
	enum insn_kind kind;
	uint8_t op;
};

#define RULE(name, kind, op) \
	{ \
		ZYDIS_MNEMONIC_##name, kind, op \
	}

static const struct rule string_rules[] = {
	RULE(MOVSB, INSN_STRING, INSN_MOVS), RULE(MOVSW, INSN_STRING, INSN_MOVS),
	RULE(MOVSD, INSN_STRING, INSN_MOVS), RULE(MOVSQ, INSN_STRING, INSN_MOVS),
	RULE(STOSB, INSN_STRING, INSN_STOS), RULE(STOSW, INSN_STRING, INSN_STOS),
	RULE(STOSD, INSN_STRING, INSN_STOS), RULE(STOSQ, INSN_STRING, INSN_STOS),
	RULE(LODSB, INSN_STRING, INSN_LODS), RULE(LODSW, INSN_STRING, INSN_LODS),
	RULE(LODSD, INSN_STRING, INSN_LODS), RULE(LODSQ, INSN_STRING, INSN_LODS),
	RULE(CMPSB, INSN_STRING, INSN_CMPS), RULE(CMPSW, INSN_STRING, INSN_CMPS),
	RULE(CMPSD, INSN_STRING, INSN_CMPS), RULE(CMPSQ, INSN_STRING, INSN_CMPS),
	RULE(SCASB, INSN_STRING, INSN_SCAS), RULE(SCASW, INSN_STRING, INSN_SCAS),
	RULE(SCASD, INSN_STRING, INSN_SCAS), RULE(SCASQ, INSN_STRING, INSN_SCAS),
};

/* The rules of loads also cover stores, whose destination is memory. */
static const struct rule rules[] = {
	RULE(MOV, INSN_LOAD, INSN_ZERO),
	RULE(MOVZX, INSN_LOAD, INSN_ZERO),
	RULE(MOVSX, INSN_LOAD, INSN_SIGN),
	RULE(MOVSXD, INSN_LOAD, INSN_SIGN),
	RULE(MOVBE, INSN_LOAD, INSN_SWAP),
	RULE(MOVNTI, INSN_LOAD, INSN_ZERO),
	RULE(MOVDIRI, INSN_LOAD, INSN_ZERO),
	RULE(ADD, INSN_BINARY, ALU_ADD),
	RULE(OR, INSN_BINARY, ALU_OR),
	RULE(ADC, INSN_BINARY, ALU_ADC),
	RULE(SBB, INSN_BINARY, ALU_SBB),
	RULE(AND, INSN_BINARY, ALU_AND),
	RULE(SUB, INSN_BINARY, ALU_SUB),
	RULE(XOR, INSN_BINARY, ALU_XOR),
	RULE(CMP, INSN_BINARY, ALU_CMP),
	RULE(TEST, INSN_BINARY, ALU_TEST),
	RULE(NOT, INSN_UNARY, ALU_NOT),
	RULE(NEG, INSN_UNARY, ALU_NEG),
	RULE(INC, INSN_UNARY, ALU_INC),
	RULE(DEC, INSN_UNARY, ALU_DEC),
	RULE(BT, INSN_BIT, ALU_BT),
	RULE(BTS, INSN_BIT, ALU_BTS),
	RULE(BTR, INSN_BIT, ALU_BTR),
	RULE(BTC, INSN_BIT, ALU_BTC),
	RULE(XCHG, INSN_XCHG, 0),
	RULE(XADD, INSN_XADD, 0),
	RULE(CMPXCHG, INSN_CMPXCHG, 0),
	RULE(PUSH, INSN_STACK, INSN_PUSH),
	RULE(POP, INSN_STACK, INSN_POP),
	RULE(CALL, INSN_STACK, INSN_CALL),
	RULE(JMP, INSN_STACK, INSN_JUMP),
	RULE(CLFLUSH, INSN_NOTHING, 0),
	RULE(CLFLUSHOPT, INSN_NOTHING, 0),
	RULE(CLWB, INSN_NOTHING, 0),
	RULE(MOVD, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVQ, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVSS, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVSD, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVUPS, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVUPD, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVAPS, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVAPD, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVDQU, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVDQA, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(LDDQU, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVNTDQA, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVNTDQ, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVNTPS, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVNTPD, INSN_VECTOR_LOAD, INSN_LOW),
	RULE(MOVLPS, INSN_VECTOR_LOAD, INSN_LOW_HALF),
	RULE(MOVLPD, INSN_VECTOR_LOAD, INSN_LOW_HALF),
	RULE(MOVHPS, INSN_VECTOR_LOAD, INSN_HIGH_HALF),
	RULE(MOVHPD, INSN_VECTOR_LOAD, INSN_HIGH_HALF),
	RULE(VMOVD, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVQ, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVSS, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVSD, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVUPS, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVUPD, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVAPS, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVAPD, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVDQU, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVDQA, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VLDDQU, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVNTDQA, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVNTDQ, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVNTPS, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVNTPD, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVDQU8, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVDQU16, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVDQU32, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVDQU64, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVDQA32, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVDQA64, INSN_VECTOR_LOAD, INSN_LOW_AVX),
	RULE(VMOVLPS, INSN_VECTOR_STORE, INSN_LOW_HALF),
	RULE(VMOVLPD, INSN_VECTOR_STORE, INSN_LOW_HALF),
	RULE(VMOVHPS, INSN_VECTOR_STORE, INSN_HIGH_HALF),
	RULE(VMOVHPD, INSN_VECTOR_STORE, INSN_HIGH_HALF),
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
		return CPU_PC;
	if (ZydisRegisterGetClass(whole) != ZYDIS_REGCLASS_GPR64)
		return INSN_NO_REGISTER;
	return (uint8_t)ZydisRegisterGetId(whole);
}

static void read_address(struct insn *insn, const struct decoded *decoded,
			 const ZydisDecodedOperand *memory)
{
	bool high;

	insn->base = register_number(memory->mem.base, &high);
	insn->index = register_number(memory->mem.index, &high);
	insn->scale = memory->mem.scale;
	insn->displacement = memory->mem.disp.has_displacement ? memory->mem.disp.value : 0;
	insn->address32 = decoded->instruction.address_width == 32;
	insn->width = (uint8_t)(memory->size / 8);
	insn->reads = memory->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
	insn->writes = memory->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
	insn->memory_first = memory == &decoded->operands[0];
	if (decoded->instruction.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_FS)
		insn->segment = CPU_FS;
	else if (decoded->instruction.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS)
		insn->segment = CPU_GS;
}

/* Reads the operand that is not in memory. Returns false if the emulation does
 * not support it. */
static bool read_other(struct insn *insn, const ZydisDecodedOperand *operand)
{
	bool high;

	if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		insn->operand2 = INSN_IMMEDIATE;
		insn->immediate = operand->imm.value.u;
		return true;
	}
	if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER)
		return false;
	insn->reg = register_number(operand->reg.value, &high);
	insn->reg_width = (uint8_t)(operand->size / 8);
	insn->operand2 = high ? INSN_HIGH_BYTE : INSN_REGISTER;
	return insn->reg < CPU_GPRS;
}

/* Reads the mask, which selects the elements that are moved. */
static bool read_mask(struct insn *insn, const struct decoded *decoded)
{
	const ZydisDecodedOperand *memory =
		&decoded->operands[insn->memory_first ? 0
						      : decoded->instruction.operand_count - 1U];

	switch (decoded->instruction.avx.mask.mode) {
	case ZYDIS_MASK_MODE_INVALID:
	case ZYDIS_MASK_MODE_DISABLED:
		return true;
	case ZYDIS_MASK_MODE_MERGING:
	case ZYDIS_MASK_MODE_ZEROING:
		insn->mask = (uint8_t)ZydisRegisterGetId(decoded->instruction.avx.mask.reg);
		insn->element = (uint8_t)(memory->element_size / 8);
		insn->zeroes = decoded->instruction.avx.mask.mode == ZYDIS_MASK_MODE_ZEROING;
		return insn->mask && insn->element;
	default:
		return false;
	}
}

/* Reads the vector register operand. */
static bool read_vector(struct insn *insn, const struct decoded *decoded)
{
	size_t last = decoded->instruction.operand_count - 1U;
	const ZydisDecodedOperand *operand = &decoded->operands[insn->memory_first ? last : 0];
	ZydisRegisterClass class;

	if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER || !read_mask(insn, decoded))
		return false;
	class = ZydisRegisterGetClass(operand->reg.value);
	insn->operand2 = INSN_REGISTER;
	insn->reg = (uint8_t)ZydisRegisterGetId(operand->reg.value);
	insn->uses_vector = true;
	return class == ZYDIS_REGCLASS_XMM || class == ZYDIS_REGCLASS_YMM ||
	       class == ZYDIS_REGCLASS_ZMM;
}

/* A push or pop of 16 bits is rare but supported. Calls and jumps of 16 bits
 * are not, since they differ between processors. */
static bool read_stack(const struct insn *insn)
{
	if (!insn->memory_first) /* the memory operand is the stack */
		return false;
	return insn->width == 8 ||
	       (insn->width == 2 && (insn->op == INSN_PUSH || insn->op == INSN_POP));
}

static bool read_string(struct insn *insn, const ZydisDecodedInstruction *instruction)
{
	if (instruction->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE))
		insn->repeat = INSN_REP;
	else if (instruction->attributes & ZYDIS_ATTRIB_HAS_REPNE)
		insn->repeat = INSN_REPNE;
	return true;
}

static bool read_operands(struct insn *insn, const struct decoded *decoded)
{
	switch (insn->kind) {
	case INSN_STRING:
		return read_string(insn, &decoded->instruction);
	case INSN_UNARY:
	case INSN_NOTHING:
		return true;
	case INSN_STACK:
		return read_stack(insn);
	case INSN_VECTOR_STORE:
		return insn->memory_first && read_vector(insn, decoded);
	case INSN_VECTOR_LOAD:
		if (insn->memory_first)
			insn->kind = INSN_VECTOR_STORE;
		return read_vector(insn, decoded);
	case INSN_LOAD:
		if (insn->memory_first)
			insn->kind = INSN_STORE;
		return read_other(insn, &decoded->operands[insn->memory_first]);
	default:
		return read_other(insn, &decoded->operands[insn->memory_first]);
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

static bool decode_in(struct decoded *decoded, struct insn *insn, const uint8_t *code,
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
	*insn = (struct insn){ .length = decoded->instruction.length };
	memory = find_memory(decoded);
	if (!memory)
		return true;
	if (is_misread(decoded, memory, code))
		return false;
	read_address(insn, decoded, memory);
	rule = find_rule(&decoded->instruction);
	if (rule) {
		insn->kind = (uint8_t)rule->kind;
		insn->op = rule->op;
	}
	if ((!rule || !read_operands(insn, decoded)) && !rewrite(insn, decoded, memory, code))
		insn->kind = INSN_UNKNOWN;
	return true;
}

static __attribute__((noinline)) bool decode_on_stack(struct insn *insn, const uint8_t *code,
						      size_t length)
{
	struct decoded decoded;

	return decode_in(&decoded, insn, code, length);
}

bool insn_decode(struct insn *insn, const uint8_t *code, size_t length)
{
	struct decoded *decoded;
	bool r;

	_Static_assert(sizeof(*decoded) <= SCRATCH_SIZE, "what Zydis says of an instruction fits");
	decoded = scratch_take();
	if (!decoded)
		return decode_on_stack(insn, code, length);
	r = decode_in(decoded, insn, code, length);
	scratch_give(decoded);
	return r;
}
