/* SPDX-License-Identifier: BSD-3-Clause */
#include "insn-forms.h"

#define FORM(name, shape_, ...) \
	{ \
		.mnemonic = ZYDIS_MNEMONIC_##name, .shape = shape_, __VA_ARGS__ \
	}
#define MOVES(name, ...) FORM(name, VECTOR_LOAD, __VA_ARGS__), FORM(name, VECTOR_STORE, __VA_ARGS__)

static const struct form forms[] = {
	FORM(MOV, LOAD, .widths = 15),
	FORM(MOV, STORE, .widths = 15),
	FORM(MOV, STORE_IMMEDIATE, .widths = 15),
	FORM(MOVBE, LOAD, .widths = 14),
	FORM(MOVBE, STORE, .widths = 14),
	FORM(MOVNTI, STORE, .widths = 12),
	FORM(MOVZX, EXTEND, .widths = 3, .to = 2),
	FORM(MOVSX, EXTEND, .widths = 3, .to = 2),
	FORM(MOVSXD, EXTEND, .widths = 4, .to = 8),
	FORM(ADD, BINARY, .widths = 15),
	FORM(OR, BINARY, .widths = 15),
	FORM(ADC, BINARY, .widths = 15),
	FORM(SBB, BINARY, .widths = 15),
	FORM(AND, BINARY, .widths = 15),
	FORM(SUB, BINARY, .widths = 15),
	FORM(XOR, BINARY, .widths = 15),
	FORM(CMP, BINARY, .widths = 15),
	FORM(TEST, BINARY, .widths = 15),
	FORM(NOT, UNARY, .widths = 15),
	FORM(NEG, UNARY, .widths = 15),
	FORM(INC, UNARY, .widths = 15),
	FORM(DEC, UNARY, .widths = 15),
	FORM(BT, BITS, .widths = 14),
	FORM(BTS, BITS, .widths = 14),
	FORM(BTR, BITS, .widths = 14),
	FORM(BTC, BITS, .widths = 14),
	FORM(XCHG, EXCHANGE, .widths = 15),
	FORM(XADD, EXCHANGE, .widths = 15),
	FORM(CMPXCHG, EXCHANGE, .widths = 15),
	MOVES(MOVD, .widths = 4, .vector = 16),
	MOVES(MOVQ, .widths = 8, .vector = 16),
	MOVES(MOVSS, .widths = 4, .vector = 16),
	MOVES(MOVSD, .widths = 8, .vector = 16),
	MOVES(MOVUPS, .widths = 16, .vector = 16),
	MOVES(MOVUPD, .widths = 16, .vector = 16),
	MOVES(MOVDQU, .widths = 16, .vector = 16),
	MOVES(MOVAPS, .widths = 16, .vector = 16, .aligned = true),
	MOVES(MOVAPD, .widths = 16, .vector = 16, .aligned = true),
	MOVES(MOVDQA, .widths = 16, .vector = 16, .aligned = true),
	MOVES(MOVLPS, .widths = 8, .vector = 16),
	MOVES(MOVHPS, .widths = 8, .vector = 16),
	MOVES(MOVLPD, .widths = 8, .vector = 16),
	MOVES(MOVHPD, .widths = 8, .vector = 16),
	FORM(LDDQU, VECTOR_LOAD, .widths = 16, .vector = 16),
	FORM(MOVNTDQA, VECTOR_LOAD, .widths = 16, .vector = 16, .aligned = true),
	FORM(MOVNTDQ, VECTOR_STORE, .widths = 16, .vector = 16, .aligned = true),
	FORM(MOVNTPS, VECTOR_STORE, .widths = 16, .vector = 16, .aligned = true),
	FORM(MOVNTPD, VECTOR_STORE, .widths = 16, .vector = 16, .aligned = true),
	/* The forms from here on need AVX. */
	MOVES(VMOVD, .widths = 4, .vector = 16),
	MOVES(VMOVQ, .widths = 8, .vector = 16),
	MOVES(VMOVSS, .widths = 4, .vector = 16),
	MOVES(VMOVSD, .widths = 8, .vector = 16),
	MOVES(VMOVUPS, .widths = 16, .vector = 16),
	MOVES(VMOVUPS, .widths = 32, .vector = 32),
	MOVES(VMOVUPD, .widths = 32, .vector = 32),
	MOVES(VMOVDQU, .widths = 16, .vector = 16),
	MOVES(VMOVDQU, .widths = 32, .vector = 32),
	MOVES(VMOVAPS, .widths = 16, .vector = 16, .aligned = true),
	MOVES(VMOVAPS, .widths = 32, .vector = 32, .aligned = true),
	MOVES(VMOVAPD, .widths = 32, .vector = 32, .aligned = true),
	MOVES(VMOVDQA, .widths = 16, .vector = 16, .aligned = true),
	MOVES(VMOVDQA, .widths = 32, .vector = 32, .aligned = true),
	FORM(VLDDQU, VECTOR_LOAD, .widths = 32, .vector = 32),
	FORM(VMOVNTDQ, VECTOR_STORE, .widths = 32, .vector = 32, .aligned = true),
	FORM(VMOVNTPS, VECTOR_STORE, .widths = 32, .vector = 32, .aligned = true),
	FORM(VMOVNTDQA, VECTOR_LOAD, .widths = 16, .vector = 16, .aligned = true),
	FORM(VMOVLPS, VECTOR_STORE, .widths = 8, .vector = 16),
	FORM(VMOVHPD, VECTOR_STORE, .widths = 8, .vector = 16),
	/* The forms from here on need AVX-512VL. */
	MOVES(VMOVDQU8, .widths = 16, .vector = 16, .evex = true),
	MOVES(VMOVDQU16, .widths = 32, .vector = 32, .evex = true),
	MOVES(VMOVDQU32, .widths = 32, .vector = 32, .evex = true),
	MOVES(VMOVDQU64, .widths = 32, .vector = 32, .evex = true),
	MOVES(VMOVDQU64, .widths = 16, .vector = 16, .evex = true),
	MOVES(VMOVDQA64, .widths = 32, .vector = 32, .aligned = true, .evex = true),
};

const struct form *insn_forms_get(size_t i)
{
	return i < insn_forms_count() ? &forms[i] : NULL;
}

size_t insn_forms_count(void)
{
	return sizeof(forms) / sizeof(forms[0]);
}

bool insn_forms_supported(const struct form *form)
{
	if (form->mnemonic == ZYDIS_MNEMONIC_MOVBE)
		return __builtin_cpu_supports("avx2"); /* processors with AVX2 have movbe */
	if (form->evex)
		return __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
	if (form->vector && ZydisMnemonicGetString(form->mnemonic)[0] == 'v')
		return form->mnemonic == ZYDIS_MNEMONIC_VMOVNTDQA || form->vector == 16
			       ? __builtin_cpu_supports("avx")
			       : __builtin_cpu_supports("avx2");
	return true;
}
