/* SPDX-License-Identifier: BSD-3-Clause */
/* Compares each emulated instruction with the processor. The same examples run
 * on a span without holes and on one with holes at the same addresses, and must
 * leave the same registers, flags and memory. */
#include "trap/memcheck.h"
#include "trap/memory.h"
#include "support/ways.h"

enum { PAGE = INSN_CASES_PAGE };

static void run_example(struct example *example)
{
	uint64_t before = memory_count(NULL);

	example->after = example->before;
	machine_run(&example->after, example->code, example->length);
	example->traps = memory_count(NULL) - before;
	example->hash = ways_hash();
}

static void run_all(struct example *examples, size_t n, size_t n_holes)
{
	ways_map(n_holes);
	for (size_t i = 0; i < n; i++)
		run_example(&examples[i]);
	ways_unmap();
}

static void show_example(const struct example *example, const char *what)
{
	printf("# %s: code", what);
	for (size_t i = 0; i < example->length; i++)
		printf(" %02x", example->code[i]);
	printf(", flags %lx to %lx, traps %lu, hash %lx\n", example->before.flags,
	       example->after.flags, example->traps, example->hash);
	for (size_t i = 0; i < 16; i++)
		printf("# %zu: %016lx to %016lx\n", i, example->before.gprs[i],
		       example->after.gprs[i]);
}

static void compare_examples(const struct example *direct, const struct example *trapped,
			     const char *name, bool string)
{
	bool same = !memcmp(&direct->after, &trapped->after, sizeof(direct->after)) &&
		    direct->hash == trapped->hash;

	if (!same) {
		show_example(direct, "direct");
		show_example(trapped, "trapped");
	}
	ck_assert_msg(same, "%s", name);
	ck_assert_uint_eq(direct->traps, 0);
	/* String instructions may miss the holes by chance. */
	if (!string)
		ck_assert_uint_ne(trapped->traps, 0);
}

static void check_form(size_t form, size_t n, uint64_t *seed, uint64_t *traps)
{
	struct example *direct = calloc(n, sizeof(*direct)), *trapped = calloc(n, sizeof(*trapped));
	bool string = form == insn_cases_count() - 1;

	for (size_t i = 0; i < n; i++) {
		if (!insn_cases_make(&direct[i], form, seed)) {
			printf("# %s: not on this processor\n", insn_cases_name(form));
			n = 0;
		}
	}
	if (n)
		memcpy(trapped, direct, n * sizeof(*direct));
	run_all(direct, n, 0);
	run_all(trapped, n, 2);
	for (size_t i = 0; i < n; i++) {
		compare_examples(&direct[i], &trapped[i], insn_cases_name(form), string);
		*traps += trapped[i].traps;
	}
	free(direct);
	free(trapped);
}

START_TEST(emulation_has_the_same_results_as_the_processor)
{
	const char *given = getenv("BARSPAN_TEST_SEED");
	size_t n = harness_instrumented() ? 20 : 250;
	uint64_t seed = given ? strtoull(given, NULL, 0) : 42, traps = 0;

	ways_set_up();
	for (size_t i = 0; i < insn_cases_count(); i++)
		check_form(i, i == insn_cases_count() - 1 ? 8 * n : n, &seed, &traps);
	printf("# %zu forms, %zu examples each, %lu accesses served\n", insn_cases_count(), n,
	       traps);
	ways_tear_down();
}
END_TEST

/* Random values seldom reach the case of cmpxchg in which memory equals the
 * accumulator. */
START_TEST(cmpxchg_of_equal_values_stores)
{
	static const struct {
		uint8_t code[5], length, width;
	} codes[] = {
		{ { 0x0f, 0xb0, 0x0b }, 3, 1 }, /* cmpxchg %cl, (%rbx), and the other widths */
		{ { 0x66, 0x0f, 0xb1, 0x0b }, 4, 2 },
		{ { 0x0f, 0xb1, 0x0b }, 3, 4 },
		{ { 0x48, 0x0f, 0xb1, 0x0b }, 4, 8 },
	};
	struct machine results[2][4];

	ways_set_up();
	for (size_t n_holes = 0; n_holes <= 2; n_holes += 2) {
		ways_map(n_holes);
		for (size_t i = 0; i < 4; i++) {
			struct machine machine = { .gprs = { UINT64_C(0x123456789abcdef0),
							     0x5a5a5a5a5a5a5a5a, 0,
							     INSN_CASES_BASE + PAGE } };

			memcpy(memory + PAGE, &machine.gprs[0], 8);
			machine.flags = 2;
			machine_run(&machine, codes[i].code, codes[i].length);
			ck_assert_uint_ne(machine.flags & 0x40, 0);
			ck_assert_int_eq(memory[PAGE], 0x5a);
			results[n_holes / 2][i] = machine;
		}
		ways_unmap();
	}
	ck_assert_zero(memcmp(results[0], results[1], sizeof(results[0])));
	ways_tear_down();
}
END_TEST

/* AVX clears a register up to the full width that the processor has. */
START_TEST(avx_loads_clear_the_rest_of_the_register)
{
	static const uint8_t code[] = {
		/* vpternlogd $255, %zmm0, %zmm0, %zmm0 */
		0x62, 0xf3, 0x7d, 0x48, 0x25, 0xc0, 0xff,
		0xc5, 0xfa, 0x6f, 0x00,			  /* vmovdqu (%rax), %xmm0 */
		0x62, 0xf3, 0xfd, 0x48, 0x3b, 0xc1, 0x01, /* vextracti64x4 $1, %zmm0, %ymm1 */
	};
	struct machine machine = { .gprs[0] = INSN_CASES_BASE + PAGE, .flags = 2 };
	static const uint8_t zero[32];

	if (!__builtin_cpu_supports("avx512f"))
		return;
	ways_set_up();
	ways_map(2);
	memset(machine.vectors, 0x77, sizeof(machine.vectors));
	machine_run(&machine, code, sizeof(code));
	ck_assert_zero(memcmp(machine.vectors[0], memory + PAGE, 16));
	ck_assert_zero(memcmp(machine.vectors[0] + 16, zero, 16));
	ck_assert_zero(memcmp(machine.vectors[1], zero, 32));
	ways_unmap();
	ways_tear_down();
}
END_TEST

/* The signal frame may leave out a part of the state that is zero. */
START_TEST(avx_loads_work_with_an_initial_register_state)
{
	static const uint8_t code[] = { 0xc5, 0xf8, 0x77, 0xc5, 0xfa, 0x7e,
					0x08, 0xc5, 0xfe, 0x6f, 0x00 };
	/* vzeroupper; vmovq (%rax), %xmm1; vmovdqu (%rax), %ymm0 */
	struct machine machine = { .gprs[0] = INSN_CASES_BASE + PAGE, .flags = 2 };
	static const uint8_t zero[32];

	if (!__builtin_cpu_supports("avx"))
		return;
	ways_set_up();
	ways_map(2);
	memset(machine.vectors, 0x77, sizeof(machine.vectors));
	machine_run(&machine, code, sizeof(code));
	ck_assert_zero(memcmp(machine.vectors[0], memory + PAGE, 32));
	ck_assert_zero(memcmp(machine.vectors[1], memory + PAGE, 8));
	ck_assert_zero(memcmp(machine.vectors[1] + 8, zero, 24));
	ck_assert_int_eq(machine.vectors[2][15], 0x77);
	ck_assert_int_eq(machine.vectors[2][16], 0);
	ways_unmap();
	ways_tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trap-forms");

	if (memcheck_is_there())
		return harness_skip("valgrind does not know all of these instructions");
	harness_add(suite, "forms",
		    (const TTest *const[]){ emulation_has_the_same_results_as_the_processor,
					    cmpxchg_of_equal_values_stores,
					    avx_loads_clear_the_rest_of_the_register,
					    avx_loads_work_with_an_initial_register_state, NULL });
	return harness_run(suite);
}
