/* SPDX-License-Identifier: BSD-3-Clause */
/* Each arm64 instruction that the trap emulates leaves the same registers and
 * memory in a hole as on mapped memory, where the processor executes it. */
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/arm64-insns.h"
#include "support/arm64-machine.h"
#include "support/harness.h"

enum { KIB = 1024, SIZE = 256 * KIB, MIDDLE = SIZE / 2 };
#define BASE ((uintptr_t)0x30100000)
#define CODE (BASE - 64 * KIB)

static const struct {
	unsigned int from, bits;
} places[FIELDS] = { { 0, 5 },	 { 5, 5 },  { 10, 5 }, { 16, 5 },
		     { 10, 12 }, { 12, 9 }, { 15, 7 }, { 12, 1 } };

#define AS_CODE(text, fields, feature) "	" text "\n"
#define AS_ROW(text, fields, feature) { text, fields, feature },

__asm__(".pushsection .rodata\n"
	".arch armv8.4-a\n"
	".balign 4\n"
	"insn_codes:\n" INSNS(AS_CODE) ".arch armv8-a\n"
				       ".popsection\n");
extern const uint32_t insn_codes[];

static const struct insn {
	const char *text;
	unsigned int fields;
	unsigned long feature;
} insns[] = { INSNS(AS_ROW) };

enum { N_INSNS = sizeof(insns) / sizeof(*insns) };

static struct barspan_device *device;
static struct barspan *span;
static uint8_t *memory;

static void set_up(void)
{
	const struct barspan_soft_region region = {
		.size = SIZE,
		.flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE | BARSPAN_REGION_MMAP,
	};
	static uint8_t stack[64 * KIB] __attribute__((aligned(16)));
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };

	ck_assert_zero(sigaltstack(&alternate, NULL));
	ck_assert_zero(harness_open_soft(&device, &region, 1));
	memory =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, barspan_soft_fd(device, 0), 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	arm64_make_code((void *)CODE);
	ck_assert_zero(barspan_trap_enable(&(struct barspan_trap_options){
		.size = sizeof(struct barspan_trap_options), .flags = BARSPAN_TRAP_EMULATE }));
}

static void tear_down(void)
{
	barspan_trap_disable();
	barspan_device_close(device);
}

/* The whole region is direct, or a hole. */
static void map_span(bool hole)
{
	const struct barspan_range all = { 0, SIZE };
	const struct barspan_options options = {
		.size = sizeof(options),
		.address = (void *)BASE,
		.alignment = (size_t)getpagesize(),
		.holes = hole ? &all : NULL,
		.n_holes = hole,
	};
	uint64_t seed = 1;

	ck_assert_zero(barspan_map(&span, device, 0, &options));
	for (size_t i = 0; i < SIZE; i += 8)
		memcpy(memory + i, &(uint64_t){ harness_random(&seed) }, 8);
}

static uint64_t served(void)
{
	struct barspan_trap_counts counts = { .size = sizeof(counts) };

	ck_assert_zero(barspan_trap_count(&counts));
	return counts.served;
}

static unsigned int field(uint32_t code, unsigned int from)
{
	return code >> from & 0x1f;
}

static bool uses_reserved(uint32_t code, unsigned int fields)
{
	for (unsigned int i = 0; i < REGISTERS; i++)
		if (fields & 1U << i && (field(code, places[i].from) == ARM64_RESERVED ||
					 field(code, places[i].from) == ARM64_RESERVED + 1))
			return true;
	return false;
}

/* Processors differ in what a writeback does to a register that is loaded, or a
 * pair of loads to one register. The test needs a base of its own. */
static bool is_excluded(const struct insn *insn, uint32_t code)
{
	unsigned int t = field(code, 0), n = field(code, 5), t2 = field(code, 10),
		     m = field(code, 16);

	if (t == n || (insn->fields & T2 && (t == t2 || n == t2)) || (insn->fields & M && m == n))
		return true;
	/* Such an index is another encoding. */
	return insn->fields & M && strstr(insn->text, "], x0") && m == 31;
}

static uint32_t vary(const struct insn *insn, uint32_t code, uint64_t *seed)
{
	uint32_t random, mask;

	do {
		random = (uint32_t)harness_random(seed);
		for (unsigned int i = 0; i < FIELDS; i++) {
			mask = ((UINT32_C(1) << places[i].bits) - 1) << places[i].from;
			if (insn->fields & 1U << i)
				code = (code & ~mask) | (random & mask);
		}
	} while (is_excluded(insn, code) || uses_reserved(code, insn->fields));
	return code;
}

/* A state in which the instruction's operand is in the middle of the span. */
static void make_state(struct arm64_state *state, const struct insn *insn, uint32_t code,
		       uint64_t *seed)
{
	unsigned int base = field(code, 5), index = field(code, 16);
	uint64_t address = BASE + MIDDLE + harness_random(seed) % 4096;
	bool word = strstr(insn->text, "uxtw") || strstr(insn->text, "sxtw");
	int64_t value = (int64_t)(harness_random(seed) % 4096);

	for (size_t i = 0; i < sizeof(*state) / 8; i++)
		((uint64_t *)state)[i] = harness_random(seed);
	if (insn->fields & ALIGNED || base == 31)
		address &= ~UINT64_C(15);
	/* The top byte of an address is a tag. */
	if (base == 31)
		state->sp = address;
	else
		state->x[base] = address | (harness_random(seed) % 2 ? 0 : UINT64_C(0x5a) << 56);
	if (base != 31)
		state->sp = BASE + MIDDLE;
	if (!(insn->fields & SHIFT) || index == 31)
		return;
	if (strstr(insn->text, "sxt"))
		value -= 2048;
	state->x[index] = word ? (uint32_t)value | harness_random(seed) << 32 : (uint64_t)value;
}

static uint64_t hash_memory(void)
{
	uint64_t hash = 0, word;

	for (size_t i = 0; i < SIZE; i += 8) {
		memcpy(&word, memory + i, 8);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

enum { EXAMPLES = 100 };

static struct example {
	uint32_t code;
	struct arm64_state before, after[2];
	uint64_t hash[2];
} examples[EXAMPLES];

static void run_examples(const char *text, bool hole)
{
	uint64_t before;

	map_span(hole);
	for (size_t i = 0; i < EXAMPLES; i++) {
		before = served();
		examples[i].after[hole] = examples[i].before;
		arm64_run(&examples[i].after[hole], examples[i].code);
		examples[i].after[hole].own_sp = 0;
		examples[i].hash[hole] = hash_memory();
		ck_assert_msg(hole == (served() > before), "%s (%08x): %lu served", text,
			      examples[i].code, (unsigned long)(served() - before));
	}
	barspan_unmap(span);
}

static void compare_example(const char *text, const struct example *example)
{
	const struct arm64_state *direct = &example->after[0], *trapped = &example->after[1];

	for (unsigned int i = 0; i < 31; i++)
		ck_assert_msg(direct->x[i] == trapped->x[i], "%s (%08x): x%u is %lx, not %lx", text,
			      example->code, i, (unsigned long)trapped->x[i],
			      (unsigned long)direct->x[i]);
	ck_assert_msg(direct->sp == trapped->sp, "%s (%08x): sp", text, example->code);
	for (unsigned int i = 0; i < 32; i++)
		ck_assert_msg(!memcmp(direct->v[i], trapped->v[i], 16), "%s (%08x): v%u", text,
			      example->code, i);
	ck_assert_msg(example->hash[0] == example->hash[1], "%s (%08x): memory", text,
		      example->code);
}

START_TEST(an_instruction_leaves_the_same_state_in_a_hole)
{
	const struct insn *insn = &insns[_i];
	uint64_t seed = 42;

	if (insn->feature && !(getauxval(AT_HWCAP) & insn->feature)) {
		printf("# %s: not on this processor\n", insn->text);
		return;
	}
	for (size_t i = 0; i < EXAMPLES; i++) {
		examples[i].code = vary(insn, insn_codes[_i], &seed);
		make_state(&examples[i].before, insn, examples[i].code, &seed);
	}
	run_examples(insn->text, false);
	run_examples(insn->text, true);
	for (size_t i = 0; i < EXAMPLES; i++)
		compare_example(insn->text, &examples[i]);
}
END_TEST

/* With a hole from the middle of the span on, or none. */
static void map_half(bool hole)
{
	const struct barspan_range half = { MIDDLE, SIZE - MIDDLE };
	const struct barspan_options options = {
		.size = sizeof(options),
		.address = (void *)BASE,
		.alignment = (size_t)getpagesize(),
		.holes = &half,
		.n_holes = hole,
	};

	ck_assert_zero(barspan_map(&span, device, 0, &options));
	for (size_t i = 0; i < SIZE; i++)
		memory[i] = (uint8_t)(i * 7);
}

/* Instructions of which a part is on each side of the hole's edge. */
static const struct {
	uint32_t code; /* base register x1 */
	uint64_t before_edge;
} crossing[] = {
	{ 0xa9400820, 8 },  /* ldp x0, x2, [x1] */
	{ 0xa9000820, 8 },  /* stp x0, x2, [x1] */
	{ 0xad400420, 16 }, /* ldp q0, q1, [x1] */
	{ 0xf9400020, 3 },  /* ldr x0, [x1] */
	{ 0x3d800020, 9 },  /* str q0, [x1] */
	{ 0x4c402020, 24 }, /* ld1 {v0.16b-v3.16b}, [x1] */
};

START_TEST(an_instruction_crosses_the_edge_of_a_hole)
{
	struct arm64_state states[2];
	uint64_t seed = 3, hashes[2], before;

	for (int hole = 0; hole < 2; hole++) {
		seed = 3;
		for (size_t i = 0; i < sizeof(*states) / 8; i++)
			((uint64_t *)&states[hole])[i] = harness_random(&seed);
		states[hole].sp = BASE;
		states[hole].x[1] = BASE + MIDDLE - crossing[_i].before_edge;
		map_half(hole);
		before = served();
		arm64_run(&states[hole], crossing[_i].code);
		ck_assert_int_eq(served() > before, hole);
		states[hole].own_sp = 0;
		hashes[hole] = hash_memory();
		barspan_unmap(span);
	}
	ck_assert_mem_eq(&states[0], &states[1], sizeof(*states));
	ck_assert_uint_eq(hashes[0], hashes[1]);
}
END_TEST

START_TEST(a_literal_is_read_from_a_hole)
{
	uint32_t words = (uint32_t)(BASE + MIDDLE - CODE) / 4;
	struct arm64_state state = { .sp = BASE };
	uint64_t expected;

	map_span(true);
	arm64_run(&state, 0x58000003 | words << 5); /* ldr x3, BASE + MIDDLE */
	memcpy(&expected, memory + MIDDLE, 8);
	ck_assert_uint_eq(state.x[3], expected);
	arm64_run(&state, 0x98000004 | words << 5); /* ldrsw x4 */
	ck_assert_int_eq((int64_t)state.x[4], (int32_t)expected);
	arm64_run(&state, 0x9c000005 | words << 5); /* ldr q5 */
	ck_assert_mem_eq(state.v[5], memory + MIDDLE, 16);
	barspan_unmap(span);
}
END_TEST

/* A load of a shorter vector register clears the rest of the SVE register. */
START_TEST(a_vector_load_clears_the_rest_of_the_register)
{
	uint8_t after[256];

	if (!(getauxval(AT_HWCAP) & SVE)) {
		printf("# no SVE on this processor\n");
		return;
	}
	memset(after, 0, sizeof(after));
	map_span(true);
	__asm__ volatile(".arch armv8-a+sve\n"
			 "mov z5.b, #0x77\n"
			 "ldr q5, [%1]\n"
			 "str z5, [%0]\n"
			 ".arch armv8-a"
			 :
			 : "r"(after), "r"(BASE + MIDDLE)
			 : "v5", "memory");
	ck_assert_mem_eq(after, memory + MIDDLE, 16);
	for (size_t i = 16; i < sizeof(after); i++)
		ck_assert_uint_eq(after[i], 0);
	barspan_unmap(span);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trap-arm64");

	harness_add_rows(suite, "instructions", set_up, tear_down,
			 an_instruction_leaves_the_same_state_in_a_hole, N_INSNS);
	harness_add_rows(suite, "edges", set_up, tear_down,
			 an_instruction_crosses_the_edge_of_a_hole,
			 sizeof(crossing) / sizeof(*crossing));
	harness_add_with(suite, "others", set_up, tear_down,
			 (const TTest *const[]){ a_literal_is_read_from_a_hole,
						 a_vector_load_clears_the_rest_of_the_register,
						 NULL });
	return harness_run(suite);
}
