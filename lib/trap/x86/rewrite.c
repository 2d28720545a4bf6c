/* SPDX-License-Identifier: BSD-3-Clause */
/* Converts an instruction with an operand in memory to the same instruction
 * with that operand at the address in a register. */
#include <string.h>

#include "trap/x86/cpu.h"
#include "trap/x86/run.h"
#include "trap/x86/decode.h"

/* Categories of instructions that only compute on registers and one operand in
 * memory. */
static bool is_computing(const ZydisDecodedInstruction *instruction)
{
	switch (instruction->meta.category) {
	case ZYDIS_CATEGORY_ADOX_ADCX:
	case ZYDIS_CATEGORY_AES:
	case ZYDIS_CATEGORY_AVX:
	case ZYDIS_CATEGORY_AVX2:
	case ZYDIS_CATEGORY_AVX512:
	case ZYDIS_CATEGORY_AVX512_BITALG:
	case ZYDIS_CATEGORY_AVX512_VBMI:
	case ZYDIS_CATEGORY_BINARY:
	case ZYDIS_CATEGORY_BITBYTE:
	case ZYDIS_CATEGORY_BLEND:
	case ZYDIS_CATEGORY_BMI1:
	case ZYDIS_CATEGORY_BMI2:
	case ZYDIS_CATEGORY_BROADCAST:
	case ZYDIS_CATEGORY_CMOV:
	case ZYDIS_CATEGORY_CONFLICT:
	case ZYDIS_CATEGORY_CONVERT:
	case ZYDIS_CATEGORY_DATAXFER:
	case ZYDIS_CATEGORY_GFNI:
	case ZYDIS_CATEGORY_IFMA:
	case ZYDIS_CATEGORY_KMASK:
	case ZYDIS_CATEGORY_LOGICAL:
	case ZYDIS_CATEGORY_LOGICAL_FP:
	case ZYDIS_CATEGORY_LZCNT:
	case ZYDIS_CATEGORY_PCLMULQDQ:
	case ZYDIS_CATEGORY_ROTATE:
	case ZYDIS_CATEGORY_SETCC:
	case ZYDIS_CATEGORY_SHA:
	case ZYDIS_CATEGORY_SHIFT:
	case ZYDIS_CATEGORY_SSE:
	case ZYDIS_CATEGORY_STTNI:
	case ZYDIS_CATEGORY_VAES:
	case ZYDIS_CATEGORY_VBMI2:
	case ZYDIS_CATEGORY_VFMA:
	case ZYDIS_CATEGORY_VPCLMULQDQ:
		return true;
	default:
		return instruction->mnemonic == ZYDIS_MNEMONIC_CMPXCHG8B ||
		       instruction->mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B;
	}
}

/* Categories without floating-point arithmetic. */
static bool is_integer(const ZydisDecodedInstruction *instruction)
{
	switch (instruction->meta.category) {
	case ZYDIS_CATEGORY_ADOX_ADCX:
	case ZYDIS_CATEGORY_BINARY:
	case ZYDIS_CATEGORY_BITBYTE:
	case ZYDIS_CATEGORY_BMI1:
	case ZYDIS_CATEGORY_BMI2:
	case ZYDIS_CATEGORY_CMOV:
	case ZYDIS_CATEGORY_LOGICAL:
	case ZYDIS_CATEGORY_LZCNT:
	case ZYDIS_CATEGORY_ROTATE:
	case ZYDIS_CATEGORY_SEMAPHORE:
	case ZYDIS_CATEGORY_SETCC:
	case ZYDIS_CATEGORY_SHIFT:
		return true;
	default:
		return false;
	}
}

/* Comparisons access exactly the elements that their mask selects. */
static bool may_have_mask(const ZydisDecodedInstruction *instruction)
{
	switch (instruction->mnemonic) {
	case ZYDIS_MNEMONIC_VPCMPB:
	case ZYDIS_MNEMONIC_VPCMPW:
	case ZYDIS_MNEMONIC_VPCMPD:
	case ZYDIS_MNEMONIC_VPCMPQ:
	case ZYDIS_MNEMONIC_VPCMPUB:
	case ZYDIS_MNEMONIC_VPCMPUW:
	case ZYDIS_MNEMONIC_VPCMPUD:
	case ZYDIS_MNEMONIC_VPCMPUQ:
	case ZYDIS_MNEMONIC_VPCMPEQB:
	case ZYDIS_MNEMONIC_VPCMPEQW:
	case ZYDIS_MNEMONIC_VPCMPEQD:
	case ZYDIS_MNEMONIC_VPCMPEQQ:
		return instruction->avx.broadcast.mode == ZYDIS_BROADCAST_MODE_INVALID;
	default:
		return false;
	}
}

/* A mask that selects the bytes to access is not supported. Two conversions may
 * access the x87 state. */
static bool is_special(const ZydisDecodedInstruction *instruction)
{
	ZydisMaskMode mode = instruction->avx.mask.mode;

	switch (instruction->mnemonic) {
	case ZYDIS_MNEMONIC_VMASKMOVPS:
	case ZYDIS_MNEMONIC_VMASKMOVPD:
	case ZYDIS_MNEMONIC_VPMASKMOVD:
	case ZYDIS_MNEMONIC_VPMASKMOVQ:
	case ZYDIS_MNEMONIC_CVTPI2PS:
	case ZYDIS_MNEMONIC_CVTPI2PD:
		return true;
	default:
		return mode != ZYDIS_MASK_MODE_INVALID && mode != ZYDIS_MASK_MODE_DISABLED &&
		       !may_have_mask(instruction);
	}
}

static bool add_vector(struct run_code *run, uint8_t number, bool written)
{
	unsigned int i = 0;

	while (i < run->n_vectors && run->vectors[i] != number)
		i++;
	if (i == RUN_VECTORS || (number >= 16 && run->encoding != RUN_EVEX))
		return false;
	if (i == run->n_vectors)
		run->vectors[run->n_vectors++] = number;
	run->vectors_written = (uint8_t)(run->vectors_written | written << i);
	return true;
}

static bool add_register(struct run_code *run, const ZydisDecodedOperand *operand)
{
	bool written = operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
	ZydisRegister reg = operand->reg.value;
	uint8_t number = (uint8_t)ZydisRegisterGetId(
		ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg));

	switch (ZydisRegisterGetClass(reg)) {
	case ZYDIS_REGCLASS_GPR8:
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		run->gprs = (uint16_t)(run->gprs | 1U << number);
		run->gprs_written = (uint16_t)(run->gprs_written | (unsigned int)written << number);
		return number < CPU_GPRS && number != CPU_RSP;
	case ZYDIS_REGCLASS_XMM:
	case ZYDIS_REGCLASS_YMM:
	case ZYDIS_REGCLASS_ZMM:
		return add_vector(run, (uint8_t)ZydisRegisterGetId(reg), written);
	case ZYDIS_REGCLASS_FLAGS:
		return true;
	case ZYDIS_REGCLASS_MASK:
		if (!written) {
			run->by_mask = (uint8_t)ZydisRegisterGetId(reg);
			return run->encoding == RUN_EVEX;
		}
		run->mask = (uint8_t)ZydisRegisterGetId(reg);
		run->sets_mask = true;
		return !(operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ);
	default:
		return false;
	}
}

static bool add_operands(struct run_code *run, const struct decoded *decoded,
			 const ZydisDecodedOperand *memory)
{
	for (size_t i = 0; i < decoded->instruction.operand_count; i++) {
		const ZydisDecodedOperand *operand = &decoded->operands[i];

		if (operand == memory || operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
			continue;
		if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER || !add_register(run, operand))
			return false;
	}
	return true;
}

static bool choose_base(struct run_code *run)
{
	/* rsp and rbp are excluded: they have no short address encoding. */
	static const uint8_t candidates[] = { 6, 7, 3, 0, 1, 2 };

	for (size_t i = 0; i < sizeof(candidates); i++) {
		run->base = candidates[i];
		if (!(run->gprs >> run->base & 1))
			return true;
	}
	return false;
}

/* Copies the prefixes except lock, segment and address size. */
static size_t copy_prefixes(struct run_code *run, const ZydisDecodedInstruction *instruction,
			    const uint8_t *code)
{
	size_t i;

	for (i = 0; i < instruction->raw.prefix_count; i++) {
		switch (code[i]) {
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
		case 0x67:
		case 0xf0:
			break;
		default:
			/* A REX prefix is valid only as the last prefix. Base
			 * and index need no extension bits. */
			if ((code[i] & 0xf0) != 0x40)
				run->code[run->length++] = code[i];
			else if (i + 1U == instruction->raw.prefix_count)
				run->code[run->length++] = code[i] & 0xfc;
		}
	}
	return i;
}

static void copy_code(struct run_code *run, const ZydisDecodedInstruction *instruction,
		      const uint8_t *code)
{
	size_t from = copy_prefixes(run, instruction, code), modrm = instruction->raw.modrm.offset;
	size_t opcode = run->length;
	size_t end =
		modrm + 1U + (instruction->raw.modrm.rm == 4) + instruction->raw.disp.size / 8U;

	memcpy(run->code + opcode, code + from, modrm - from);
	run->length = (uint8_t)(opcode + modrm - from);
	/* The extension bits of base and index are inverted here. */
	if (run->encoding == RUN_EVEX || (run->encoding == RUN_VEX && run->code[opcode] == 0xc4))
		run->code[opcode + 1] |= 0x60;
	run->code[run->length++] = (uint8_t)((code[modrm] & 0x38) | run->base);
	memcpy(run->code + run->length, code + end, instruction->length - end);
	run->length = (uint8_t)(run->length + instruction->length - end);
}

static bool set_encoding(struct run_code *run, const ZydisDecodedInstruction *instruction)
{
	switch (instruction->encoding) {
	case ZYDIS_INSTRUCTION_ENCODING_LEGACY:
		run->encoding = RUN_LEGACY;
		return true;
	case ZYDIS_INSTRUCTION_ENCODING_VEX:
		run->encoding = RUN_VEX;
		return true;
	case ZYDIS_INSTRUCTION_ENCODING_EVEX:
		run->encoding = RUN_EVEX;
		return true;
	default:
		return false;
	}
}

bool rewrite(struct insn *insn, const struct decoded *decoded, const ZydisDecodedOperand *memory,
	     const uint8_t *code)
{
	const ZydisDecodedInstruction *instruction = &decoded->instruction;
	struct run_code run;

	memset(&run, 0, sizeof(run));
	if (!is_computing(instruction) || is_special(instruction) ||
	    !set_encoding(&run, instruction) ||
	    !(instruction->attributes & ZYDIS_ATTRIB_HAS_MODRM) ||
	    instruction->raw.modrm.mod == 3 || !insn->width || memory->size > 8 * RUN_MEMORY ||
	    memory->size % 8)
		return false;
	if (!add_operands(&run, decoded, memory) || !choose_base(&run) ||
	    __builtin_popcount(run.gprs) > RUN_GPRS ||
	    (insn->writes && (run.vectors_written || run.sets_mask)))
		return false;
	run.floating = !is_integer(instruction);
	if (run.by_mask && (!run.sets_mask || memory->element_size < 8))
		return false;
	copy_code(&run, instruction, code);
	insn->code = (uint16_t)run_add(&run);
	insn->kind = INSN_RUN;
	insn->mask = run.by_mask;
	insn->element = (uint8_t)(memory->element_size / 8);
	insn->op = instruction->mnemonic == ZYDIS_MNEMONIC_DIV	  ? INSN_DIVIDE
		   : instruction->mnemonic == ZYDIS_MNEMONIC_IDIV ? INSN_DIVIDE_SIGNED
								  : INSN_COMPUTE;
	insn->uses_vector = run.n_vectors || run.sets_mask;
	return insn->code;
}
