/* SPDX-License-Identifier: BSD-3-Clause */
/* Arm64 instructions that the trap explains but does not emulate. */
#include "support/harness.h"
#include "trap/arm64/insn.h"

/* Instructions that are not emulated, with their effect as far as it is known. */
static const struct {
	uint32_t code;
	bool reads, writes;
	unsigned int width;
} explained[] = {
	{ 0x885f7c20, true, false, 4 },	 /* ldxr w0, [x1] */
	{ 0xc8027c20, false, true, 8 },	 /* stxr w2, x0, [x1] */
	{ 0xc87f0820, true, false, 16 }, /* ldxp x0, x2, [x1] */
	{ 0x48207c82, true, true, 16 },	 /* casp x0, x1, x2, x3, [x4] */
	{ 0xf83fd022, true, false, 64 }, /* ld64b x2, [x1] */
	{ 0xf83f9022, false, true, 64 }, /* st64b x2, [x1] */
	{ 0x4c408020, true, false, 32 }, /* ld2 {v0.16b, v1.16b}, [x1] */
	{ 0xd50b7421, false, true, 0 },	 /* dc zva, x1 */
	{ 0xf8408421, true, false, 8 },	 /* ldr x1, [x1], #8: unpredictable */
	{ 0xa9400020, true, false, 16 }, /* ldp x0, x0, [x1]: unpredictable */
};

START_TEST(an_instruction_is_known_but_not_emulated)
{
	struct insn insn;

	ck_assert(insn_decode(&insn, explained[_i].code));
	ck_assert_int_eq(insn.kind, INSN_UNKNOWN);
	ck_assert_int_eq(insn.length, 4);
	ck_assert_int_eq(insn.reads, explained[_i].reads);
	ck_assert_int_eq(insn.writes, explained[_i].writes);
	ck_assert_uint_eq(insn.width, explained[_i].width);
}
END_TEST

START_TEST(other_instructions_are_no_loads_or_stores)
{
	static const uint32_t codes[] = {
		0x8b020020,		  /* add x0, x1, x2 */
		0xd65f03c0,		  /* ret */
		0xd4000001,		  /* svc #0 */
		0xb9800020 | 1U << 22,	  /* size 2, opc 3: unallocated */
		0x38204820 & ~(2U << 13), /* an index with an option that is unallocated */
		0x69000820 & ~(1U << 24), /* a store pair of opc 1 */
		0,
	};
	struct insn insn;

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		ck_assert_msg(!insn_decode(&insn, codes[i]), "%08x", codes[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trap-arm64-decode");

	harness_add_rows(suite, "explained", NULL, NULL, an_instruction_is_known_but_not_emulated,
			 sizeof(explained) / sizeof(*explained));
	harness_add(suite, "others",
		    (const TTest *const[]){ other_instructions_are_no_loads_or_stores, NULL });
	return harness_run(suite);
}
