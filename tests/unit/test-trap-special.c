/* SPDX-License-Identifier: BSD-3-Clause */
/* Instructions that need tests of their own: those that use the stack, cache
 * control, division; and systems that refuse new code pages. */
#include <cpuid.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/fake.h"
#include "trap/x86/insn.h"
#include "trap/memcheck.h"
#include "trap/memory.h"
#include "support/ways.h"

enum { PAGE = INSN_CASES_PAGE, HOLE = PAGE, RAX = 0, RCX, RDX, RBX, RSI = 6 };

/* Runs code with rbx at byte 16 of the hole. Returns the number of accesses;
 * *machine has the state afterwards. */
static uint64_t run_at_hole(struct machine *machine, const uint8_t *code, size_t length)
{
	uint64_t before = memory_count(NULL);

	machine->gprs[RBX] = INSN_CASES_BASE + HOLE + 16;
	machine->flags = 2;
	machine_run(machine, code, length);
	return memory_count(NULL) - before;
}

/* Runs code on memory and in a hole, and returns the state, which must be the
 * same. */
static struct machine run_both_ways(const uint8_t *code, size_t length, uint64_t value)
{
	struct machine machines[2];
	uint64_t hashes[2], traps[2];

	for (unsigned int way = 0; way < 2; way++) {
		machines[way] =
			(struct machine){ .gprs = { 10, 11,
						    12, [RSI] = UINT64_C(0x1122334455667788) } };
		ways_map(2 * way);
		memcpy(memory + HOLE + 16, &value, sizeof(value));
		traps[way] = run_at_hole(&machines[way], code, length);
		hashes[way] = ways_hash();
		ways_unmap();
	}
	ck_assert_uint_eq(traps[0], 0);
	ck_assert_uint_ne(traps[1], 0);
	ck_assert_uint_eq(hashes[0], hashes[1]);
	ck_assert_zero(memcmp(&machines[0], &machines[1], sizeof(machines[0])));
	return machines[1];
}

#define RUN_BOTH_WAYS(value, ...) \
	run_both_ways((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), \
		      value)

START_TEST(push_and_pop_access_the_hole)
{
	struct machine machine;

	ways_set_up();
	/* push (%rbx); pop %rcx */
	machine = RUN_BOTH_WAYS(0x0123456789abcdef, 0xff, 0x33, 0x59);
	ck_assert_uint_eq(machine.gprs[RCX], 0x0123456789abcdef);
	/* pushw (%rbx); pop %cx */
	machine = RUN_BOTH_WAYS(0x0123456789abcdef, 0x66, 0xff, 0x33, 0x66, 0x59);
	ck_assert_uint_eq(machine.gprs[RCX], 0xcdef);
	/* push %rsi; pop (%rbx); mov (%rbx), %rcx */
	machine = RUN_BOTH_WAYS(1, 0x56, 0x8f, 0x03, 0x48, 0x8b, 0x0b);
	ck_assert_uint_eq(machine.gprs[RCX], machine.gprs[RSI]);
	/* pop computes the address from rsp after the increment: mov %rbx,
	 * %rcx; sub %rsp, %rcx; push %rsi; pop (%rsp,%rcx); mov (%rbx), %rcx */
	machine = RUN_BOTH_WAYS(1, 0x48, 0x89, 0xd9, 0x48, 0x29, 0xe1, 0x56, 0x8f, 0x04, 0x0c, 0x48,
				0x8b, 0x0b);
	ck_assert_uint_eq(machine.gprs[RCX], machine.gprs[RSI]);
	/* push computes it from rsp before the decrement: the same up to sub;
	 * push (%rsp,%rcx); pop %rcx */
	machine = RUN_BOTH_WAYS(77, 0x48, 0x89, 0xd9, 0x48, 0x29, 0xe1, 0xff, 0x34, 0x0c, 0x59);
	ck_assert_uint_eq(machine.gprs[RCX], 77);
	ways_tear_down();
}
END_TEST

START_TEST(calls_and_jumps_read_their_target_from_the_hole)
{
	struct machine machine;

	ways_set_up();
	/* call *(%rbx); jmp over the rest; at 4: pop %rdx; push %rdx; ret */
	machine = RUN_BOTH_WAYS(INSN_CASES_CODE + 4, 0xff, 0x13, 0xeb, 0x03, 0x5a, 0x52, 0xc3);
	ck_assert_uint_eq(machine.gprs[RDX], INSN_CASES_CODE + 2);
	/* jmp *(%rbx); mov $1, %al; at 4: inc %ecx */
	machine = RUN_BOTH_WAYS(INSN_CASES_CODE + 4, 0xff, 0x23, 0xb0, 0x01, 0xff, 0xc1);
	ck_assert_uint_eq(machine.gprs[RAX], 10);
	ck_assert_uint_eq(machine.gprs[RCX], 12);
	ways_tear_down();
}
END_TEST

START_TEST(cache_flushes_do_nothing)
{
	static const uint8_t codes[][9] = {
		{ 0x0f, 0xae, 0x7b, 0x07, 0x90 }, /* clflush 7(%rbx) */
		{ 0x66, 0x0f, 0xae, 0x3b, 0x90 }, /* clflushopt (%rbx) */
		{ 0x66, 0x0f, 0xae, 0x33, 0x90 }, /* clwb (%rbx) */
		{ 0x0f, 0x18, 0x0b, 0x90, 0x90 }, /* prefetcht0 (%rbx) */
	};
	unsigned int a = 0, b = 0, c = 0, d = 0;
	bool known[] = { true, false, false, true };

	__get_cpuid_count(7, 0, &a, &b, &c, &d);
	known[1] = b >> 23 & 1;
	known[2] = b >> 24 & 1;
	ways_set_up();
	ways_map(2);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct machine machine = { 0 }, before = { .gprs[RBX] = INSN_CASES_BASE + HOLE + 16,
							   .flags = 2,
							   .mxcsr = MACHINE_MXCSR };
		uint64_t hash = ways_hash();

		if (!known[i])
			continue;
		ck_assert_uint_eq(run_at_hole(&machine, codes[i], 5), 0);
		ck_assert_uint_eq(ways_hash(), hash);
		machine.flags |= 2;
		memcpy(before.masks, machine.masks, sizeof(before.masks));
		ck_assert_zero(memcmp(&machine, &before, sizeof(machine)));
	}
	ways_unmap();
	ways_tear_down();
}
END_TEST

/* Few processors have movdiri, but its effect is that of a plain store. */
START_TEST(movdiri_is_decoded)
{
	/* movdiri %rcx, 8(%rbx) */
	static const uint8_t code[] = { 0x48, 0x0f, 0x38, 0xf9, 0x4b, 0x08 };
	struct insn insn;

	ways_set_up();
	ck_assert(insn_decode(&insn, code, sizeof(code)));
	ck_assert_int_eq(insn.kind, INSN_STORE);
	ck_assert_int_eq(insn.width, 8);
	ck_assert_int_eq(insn.reg, RCX);
	ck_assert(insn_decode(&insn, code + 1, sizeof(code) - 1));
	ck_assert_int_eq(insn.kind, INSN_STORE);
	ck_assert_int_eq(insn.width, 4);
	ways_tear_down();
}
END_TEST

/* The C library chooses the best variant for the processor, up to AVX-512 with
 * masks. */
START_TEST(functions_of_the_c_library_access_the_hole)
{
	uint8_t *hole = (uint8_t *)INSN_CASES_BASE + HOLE, buffer[1024];

	ways_set_up();
	ways_map(2);
	for (size_t n = 1; n <= sizeof(buffer); n += n < 300 ? 1 : 41) {
		memset(buffer, 0, sizeof(buffer));
		memcpy(buffer, hole + n % 7, n);
		ck_assert_zero(memcmp(buffer, memory + HOLE + n % 7, n));
		ck_assert_zero(memcmp(hole + n % 7, buffer, n));
		buffer[n - 1] ^= 1;
		ck_assert_int_ne(memcmp(hole + n % 7, buffer, n), 0);
		memcpy(hole + n % 5, buffer, n);
		ck_assert_zero(memcmp(buffer, memory + HOLE + n % 5, n));
		memset(hole + n % 3, (int)(n % 251), n);
		memset(buffer, (int)(n % 251), n);
		ck_assert_zero(memcmp(buffer, memory + HOLE + n % 3, n));
	}
	ways_unmap();
	ways_tear_down();
}
END_TEST

static siginfo_t fault_info;
static uintptr_t fault_pc;

static void on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t *where = context;

	(void)number;
	fault_info = *info;
	fault_pc = (uintptr_t)where->uc_mcontext.gregs[REG_RIP];
	where->uc_mcontext.gregs[REG_RIP] = (greg_t)machine_leave;
}

/* divl (%rbx), by zero. */
static uint64_t divide_by_zero(void)
{
	struct machine machine = { 0 };

	memset(memory + HOLE + 16, 0, 8);
	return run_at_hole(&machine, (const uint8_t[]){ 0xf7, 0x33 }, 2);
}

START_TEST(division_error_reaches_the_program)
{
	const struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	ck_assert_zero(sigaction(SIGFPE, &action, NULL));
	ways_set_up();
	ways_map(2);
	ck_assert_uint_eq(divide_by_zero(), 1);
	ck_assert_int_eq(fault_info.si_signo, SIGFPE);
	ck_assert_int_eq(fault_info.si_code, FPE_INTDIV);
	ck_assert_ptr_eq(fault_info.si_addr, (void *)INSN_CASES_CODE);
	ck_assert_uint_eq(fault_pc, INSN_CASES_CODE);
	ways_unmap();
	ways_tear_down();
}
END_TEST

static void divide_with_signal_blocked(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGFPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	divide_by_zero();
}

static void divide_with_signal_ignored(void)
{
	signal(SIGFPE, SIG_IGN);
	divide_by_zero();
}

/* addss (%rbx), %xmm0 with unmasked exceptions: before it runs, the trap cannot
 * know whether it raises one. */
static void add_with_exceptions(void)
{
	static const uint8_t code[] = {
		0x68, 0x80, 0x1d, 0x00, 0x00, /* push $0x1d80 */
		0x0f, 0xae, 0x14, 0x24,	      /* ldmxcsr (%rsp) */
		0xf3, 0x0f, 0x58, 0x03,
	};

	run_at_hole(&(struct machine){ 0 }, code, sizeof(code));
}

/* imul (%rbx), %ecx */
static void run_multiply(void)
{
	run_at_hole(&(struct machine){ 0 }, (const uint8_t[]){ 0x0f, 0xaf, 0x0b }, 3);
}

static void run_load(void)
{
	run_at_hole(&(struct machine){ 0 }, (const uint8_t[]){ 0x8b, 0x0b }, 2);
}

static void check_signal(void (*act)(void), int number)
{
	int status = harness_run_child(act);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), number);
}

START_TEST(division_that_fails_kills_as_the_kernel_does)
{
	ways_set_up();
	ways_map(2);
	check_signal(divide_with_signal_blocked, SIGFPE);
	check_signal(divide_with_signal_ignored, SIGFPE);
	ways_unmap();
	ways_tear_down();
}
END_TEST

static bool is_explained(void)
{
	char text[4096];
	ssize_t n = pread(output, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return strstr(text, "cannot be emulated");
}

START_TEST(instructions_with_unmasked_exceptions_are_explained)
{
	ways_set_up();
	ways_map(2);
	check_signal(add_with_exceptions, SIGSEGV);
	ck_assert(is_explained());
	ways_unmap();
	ways_tear_down();
}
END_TEST

/* The system may refuse executable memory at any step. */
START_TEST(without_new_code_instructions_are_explained)
{
	for (unsigned long step = 1; step <= 2; step++) {
		ways_set_up();
		ways_map(2);
		ck_assert_zero(harness_run_child(run_load));
		ck_assert(!is_explained());
		fake_reset();
		fake_fail_call(FAKE_MPROTECT, step, EACCES);
		check_signal(run_multiply, SIGSEGV);
		ck_assert(is_explained());
		ck_assert_zero(harness_run_child(run_load));
		fake_reset();
		ck_assert_zero(harness_run_child(run_multiply));
		ways_unmap();
		ways_tear_down();
		munmap(around[0], PAGE);
		munmap(around[1], PAGE);
		munmap((void *)INSN_CASES_CODE, PAGE);
	}
}
END_TEST

int main(void)
{
	Suite *suite;

	if (memcheck_is_there())
		return harness_skip("valgrind has no room at fixed addresses");
	suite = suite_create("trap-special");
	harness_add(suite, "stack",
		    (const TTest *const[]){ push_and_pop_access_the_hole,
					    calls_and_jumps_read_their_target_from_the_hole,
					    NULL });
	harness_add(suite, "single",
		    (const TTest *const[]){ cache_flushes_do_nothing, movdiri_is_decoded,
					    functions_of_the_c_library_access_the_hole, NULL });
	harness_add(suite, "exception",
		    (const TTest *const[]){ division_error_reaches_the_program,
					    division_that_fails_kills_as_the_kernel_does,
					    instructions_with_unmasked_exceptions_are_explained,
					    NULL });
	harness_add(suite, "code",
		    (const TTest *const[]){ without_new_code_instructions_are_explained, NULL });
	return harness_run(suite);
}
