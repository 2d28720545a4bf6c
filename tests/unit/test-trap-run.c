/* SPDX-License-Identifier: BSD-3-Clause */
/* Compares every instruction that the decoder accepts with the processor: run
 * in a hole, it must leave the same registers, flags, memory and signals as on
 * memory, and access exactly the bytes that the decoder names. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/encodings.h"
#include "trap/memcheck.h"
#include "trap/memory.h"
#include "support/ways.h"

enum { PAGE = INSN_CASES_PAGE, SIZE = INSN_CASES_SIZE, BATCH = 400, NAMES = 2048 };

struct result {
	struct encoding encoding;
	struct machine after[2];
	uint64_t hash[2], traps;
	int signal[2], code[2];
};

/* The results of all children in turn. */
static struct found {
	size_t next, examples, signals;
	size_t n_names;
	char names[NAMES][24]; /* served instructions */
} * found;

static volatile int last_signal, last_code;

/* Ends the example if the processor faults, for instance for a misaligned
 * access or a division by zero. */
static void on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t *where = context;

	last_signal = number;
	last_code = info->si_code;
	where->uc_mcontext.gregs[REG_RIP] = (greg_t)machine_leave;
}

static void set_up(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	ways_set_up();
}

/* Half of the numbers are useful floating-point values. */
static void fill_random(void *bytes, size_t length, uint64_t *seed)
{
	uint32_t *words = bytes;

	for (size_t i = 0; i < length / 4; i++)
		words[i] = (uint32_t)harness_random(seed) % 2
				   ? (uint32_t)harness_random(seed)
				   : 0x3e000000 | (uint32_t)harness_random(seed) % 0x4000000;
}

static void map_holes(size_t n_holes)
{
	uint64_t seed = 1;

	ways_map(n_holes);
	fill_random(memory, SIZE, &seed);
}

static void run_way(struct result *result, unsigned int way)
{
	struct machine *after = &result->after[way];
	uint64_t before = memory_count(NULL);

	last_signal = last_code = 0;
	*after = result->encoding.example.before;
	machine_run(after, result->encoding.example.code, result->encoding.example.length);
	result->signal[way] = last_signal;
	result->code[way] = last_code;
	result->traps = memory_count(NULL) - before;
	result->hash[way] = ways_hash();
}

static void show_result(const struct result *result)
{
	const struct example *example = &result->encoding.example;
	const uint64_t *words[2] = { (const uint64_t *)&result->after[0],
				     (const uint64_t *)&result->after[1] };

	printf("# %s:", result->encoding.name);
	for (size_t i = 0; i < example->length; i++)
		printf(" %02x", example->code[i]);
	printf(", kind %u, signals %d.%d and %d.%d, traps %lu, memory %s\n",
	       result->encoding.insn.kind, result->signal[0], result->code[0], result->signal[1],
	       result->code[1], result->traps,
	       result->hash[0] == result->hash[1] ? "equal" : "differs");
	for (size_t i = 0; i < sizeof(struct machine) / 8; i++)
		if (words[0][i] != words[1][i])
			printf("# word %zu: %016lx, %016lx\n", i, words[0][i], words[1][i]);
	fflush(stdout);
}

static void note_name(const char *name)
{
	for (size_t i = 0; i < found->n_names; i++)
		if (!strcmp(found->names[i], name))
			return;
	if (found->n_names < NAMES)
		strcpy(found->names[found->n_names++], name);
}

static void compare_results(const struct result *result)
{
	bool same = !memcmp(&result->after[0], &result->after[1], sizeof(result->after[0])) &&
		    result->hash[0] == result->hash[1] && result->signal[0] == result->signal[1] &&
		    result->code[0] == result->code[1];
	/* A division that fails has read its operand. A mask may select no
	 * element. */
	bool served = result->traps || result->signal[0] || result->encoding.insn.mask;

	if (!same || !served)
		show_result(result);
	ck_assert(same);
	ck_assert(served);
	found->examples++;
	found->signals += result->signal[0] != 0;
	if (!result->signal[0])
		note_name(result->encoding.name);
}

/* The processor accepts the instruction if and only if the operand's last byte
 * is accessible: this proves the operand's width. */
static void check_width(struct encoding encoding, uint64_t *seed)
{
	uintptr_t end = INSN_CASES_BASE + SIZE + PAGE;

	for (unsigned int over = 0; over < 2; over++) {
		if (encoding.insn.mask ||
		    !encodings_aim(&encoding, end - encoding.insn.width + over, seed))
			return;
		last_signal = last_code = 0;
		struct machine machine = encoding.example.before;

		machine_run(&machine, encoding.example.code, encoding.example.length);
		if (last_signal == SIGILL)
			return;
		if (over ? last_signal != SIGSEGV : last_signal == SIGSEGV)
			show_result(&(struct result){ .encoding = encoding,
						      .signal = { last_signal, 0 },
						      .code = { last_code, 0 } });
		ck_assert(over ? last_signal == SIGSEGV : last_signal != SIGSEGV);
	}
}

static uintptr_t choose_place(size_t width, uint64_t *seed)
{
	uint64_t random = harness_random(seed);
	uintptr_t hole = INSN_CASES_BASE + (random & 1 ? PAGE : 3 * PAGE);

	random >>= 8;
	switch (random % 4) {
	case 0:
		return hole + PAGE - 1 - (random >> 8) % width;
	case 1:
		return hole - width + 1 + (random >> 8) % width;
	default:
		return hole + ((random >> 8) % (PAGE / 64)) * 64;
	}
}

static void any_state(struct machine *machine, uint64_t *seed)
{
	uint64_t random = harness_random(seed);

	fill_random(machine, sizeof(*machine), seed);
	/* Random operands of a division seldom fit. */
	if (random & 1)
		machine->gprs[2] = random & 2 ? UINT64_MAX : 0;
	if (random & 4)
		machine->gprs[0] &= 0xff;
	machine->flags = 2 | (machine->flags & MACHINE_STATUS);
	machine->mxcsr = (uint32_t)(random >> 8) & 0xe040;
	machine->unused = 0;
}

static size_t make_batch(struct result *results, size_t *at)
{
	const char *given = getenv("BARSPAN_TEST_SEED");
	uint64_t seed = (given ? strtoull(given, NULL, 0) : 42) + *at;
	size_t n = 0;

	for (; *at < encodings_count() && n < BATCH; ++*at) {
		struct result *result = &results[n];

		if (!encodings_make(&result->encoding, *at, &seed))
			continue;
		any_state(&result->encoding.example.before, &seed);
		check_width(result->encoding, &seed);
		n += encodings_aim(&result->encoding,
				   choose_place(result->encoding.insn.width, &seed), &seed);
	}
	return n;
}

/* Each example gets new code, and there is no room for all: run a batch in a
 * child. */
static void run_batch(void)
{
	struct result *results = calloc(BATCH, sizeof(*results));
	size_t at = found->next, n;

	set_up();
	n = make_batch(results, &at);
	map_holes(0);
	for (size_t i = 0; i < n; i++)
		run_way(&results[i], 0);
	ways_unmap();
	map_holes(2);
	for (size_t i = 0; i < n; i++)
		run_way(&results[i], 1);
	for (size_t i = 0; i < n; i++)
		compare_results(&results[i]);
	found->next = at;
	free(results);
}

static void check_names(void)
{
	static const char *const expected[] = {
		"imul",	    "mul",	 "div",	      "idiv",	   "setz",	 "setnl",
		"cmovz",    "cmovnbe",	 "shl",	      "shr",	   "sar",	 "rol",
		"ror",	    "rcl",	 "rcr",	      "shld",	   "shrd",	 "bsf",
		"bsr",	    "popcnt",	 "crc32",     "cmpxchg8b", "cmpxchg16b", "addss",
		"addsd",    "mulps",	 "divsd",     "sqrtss",	   "ucomisd",	 "comiss",
		"cvtsi2sd", "cvttsd2si", "cvtss2sd",  "cvtdq2pd",  "pinsrw",	 "pinsrd",
		"pextrb",   "pextrq",	 "paddd",     "pshufd",	   "pand",	 "pcmpeqb",
		"pmovzxbw", "blendvps",	 "pcmpistri", "cmpps",	   "roundsd",
	};
	static const char *const expected_of_v3[] = {
		"tzcnt",       "lzcnt",	      "andn",	   "bextr",	   "blsi",
		"blsr",	       "blsmsk",      "bzhi",	   "pdep",	   "pext",
		"mulx",	       "shlx",	      "sarx",	   "shrx",	   "rorx",
		"vaddss",      "vmulsd",      "vcvtsi2sd", "vpbroadcastd", "vbroadcastss",
		"vinserti128", "vfmadd213sd", "vpaddd",	   "vpinsrq",	   "vblendvps",
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]) +
				       sizeof(expected_of_v3) / sizeof(expected_of_v3[0]);
	     i++) {
		size_t n = sizeof(expected) / sizeof(expected[0]), j = 0;
		const char *name = i < n ? expected[i] : expected_of_v3[i - n];

		while (j < found->n_names && strcmp(found->names[j], name))
			j++;
		ck_assert_msg(j < found->n_names || (i >= n && !__builtin_cpu_supports("avx2")),
			      "%s", name);
	}
}

START_TEST(instructions_have_the_same_results_as_on_memory)
{
	int status;

	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	while (found->next < encodings_count()) {
		pid_t child = fork();

		if (!child) {
			run_batch();
			_exit(0);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_msg(!status, "status %x from %zu on", status, found->next);
	}
	printf("# %zu examples of %zu instructions, %zu end in a signal\n", found->examples,
	       found->n_names, found->signals);
	check_names();
	munmap(found, sizeof(*found));
}
END_TEST

int main(void)
{
	Suite *suite;

	if (memcheck_is_there())
		return harness_skip("valgrind does not know all of these instructions");
	suite = suite_create("trap-run");
	harness_add(
		suite, "run",
		(const TTest *const[]){ instructions_have_the_same_results_as_on_memory, NULL });
	return harness_run(suite);
}
