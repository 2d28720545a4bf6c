/* SPDX-License-Identifier: BSD-3-Clause */
/* How much of the alternate stack a trapped access uses. */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "trap/emulate.h"
#include "support/stack-fixture.h"

static size_t used_stack(void)
{
	size_t i = 0;

	while (shared->stack[i] == PAINT)
		i++;
	return shared->frame - (uintptr_t)&shared->stack[i];
}

/* The bound holds for optimised code. */
static void check_bound(const char *name)
{
	size_t bytes = used_stack();

	printf("# %s: %zu bytes\n", name, bytes);
#ifdef __OPTIMIZE__
	ck_assert_msg(bytes <= BOUND, "%s: %zu bytes of the alternate stack", name, bytes);
#endif
}

static void check_use(const char *name, void (*act)(void))
{
	run_in_thread(act);
	check_bound(name);
}

static void load_again(void)
{
	load_hole();
	memset(shared->stack, PAINT, STACK);
	load_hole();
}

static void store_hole(void)
{
	*reg32(HOLE + 0x20) = PATTERN;
}

static void modify_hole(void)
{
	__atomic_fetch_add(reg32(HOLE + 0x30), 1, __ATOMIC_SEQ_CST);
}

static void load_across_the_edge(void)
{
	typedef uint32_t unaligned __attribute__((aligned(1)));

	(void)*(volatile unaligned *)(base + HOLE - 2);
}

static void copy_from_hole(void)
{
#ifdef __x86_64__
	uint8_t to[64];
	void *out = to;
	const void *in = (const void *)(uintptr_t)(base + HOLE);
	size_t n = sizeof(to);

	__asm__ volatile("rep movsb" : "+D"(out), "+S"(in), "+c"(n) : : "memory");
#endif
}

static void store_vector(void)
{
#ifdef __x86_64__
	__asm__ volatile("movdqu %%xmm1, %0" : "=m"(*reg32(HOLE + 0x40)));
#endif
}

static void compute_hole(void)
{
#ifdef __x86_64__
	uint32_t value = 3;

	__asm__ volatile("imul %1, %0" : "+r"(value) : "m"(*reg32(HOLE + 0x10)));
#endif
}

static void shift_hole(void)
{
#ifdef __x86_64__
	__asm__ volatile("rorl $3, %0" : "+m"(*reg32(HOLE + 0x50)));
#endif
}

static void compute_vector(void)
{
#ifdef __x86_64__
	__asm__ volatile("paddd %0, %%xmm1" : : "m"(*reg32(HOLE + 0x40)) : "xmm1");
#endif
}

#ifdef __x86_64__
static sigjmp_buf jump;

static void on_division(int number)
{
	siglongjmp(jump, number);
}
#endif

static void divide_hole(void)
{
#ifdef __x86_64__
	uint32_t quotient = 3, rest = 0;

	*reg32(HOLE + 0x60) = 0;
	signal(SIGFPE, on_division);
	if (!sigsetjmp(jump, 1))
		__asm__ volatile("divl %2" : "+a"(quotient), "+d"(rest) : "m"(*reg32(HOLE + 0x60)));
	signal(SIGFPE, SIG_DFL);
#endif
}

static void push_hole(void)
{
#ifdef __x86_64__
	__asm__ volatile("sub $128, %%rsp; push %0; add $136, %%rsp"
			 :
			 : "m"(*(volatile uint64_t *)reg32(HOLE + 0x40)));
#endif
}

static void load_direct(void)
{
	ck_assert_uint_eq(*reg32(0x10), 0);
}

START_TEST(served_accesses_take_little_of_the_alternate_stack)
{
	set_up_stack(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	check_use("load, first", load_hole);
	check_use("load, again", load_again);
	check_use("store", store_hole);
	check_use("modify", modify_hole);
	check_use("load across the edge", load_across_the_edge);
	check_use("copy", copy_from_hole);
	check_use("load of a vector", load_vector);
	check_use("store of a vector", store_vector);
	check_use("multiplication", compute_hole);
	check_use("rotation", shift_hole);
	check_use("addition of vectors", compute_vector);
	check_use("division by 0", divide_hole);
	check_use("push", push_hole);
	ck_assert_zero(enable(BARSPAN_TRAP_RESCUE));
	ck_assert_zero(mprotect((void *)(uintptr_t)base, PAGE, PROT_NONE));
	check_use("rescue", load_direct);
	tear_down_stack();
}
END_TEST

static void (*in_child)(void);

static void run_in_child(void)
{
	run_in_thread(in_child);
}

static void do_unknown(void)
{
#ifdef __x86_64__
	__asm__ volatile("fildl %0" : "+m"(*reg32(HOLE)));
#endif
}

/* An explanation, a report, and the default action. */
START_TEST(explanations_take_little_of_the_alternate_stack)
{
	static const unsigned int flags[] = { 0, BARSPAN_TRAP_REPORT, BARSPAN_TRAP_EMULATE };

	for (size_t i = 0; i < 3; i++) {
		set_up_stack(BARSPAN_TRAP_EMULATE);
		ck_assert_zero(enable(flags[i]));
		in_child = flags[i] == BARSPAN_TRAP_EMULATE ? do_unknown : load_hole;
		check_killed(run_in_child);
		ck_assert_ptr_nonnull(strstr(read_back(output), " in a hole: "));
		check_bound("explanation");
		tear_down_stack();
	}
}
END_TEST

int main(void)
{
	Suite *suite;

	if (emulate_load() || harness_instrumented())
		return harness_skip("emulation is not built in, or other code takes stack");
	suite = suite_create("trap-stack");
	harness_add(suite, "stack",
		    (const TTest *const[]){ served_accesses_take_little_of_the_alternate_stack,
					    explanations_take_little_of_the_alternate_stack,
					    NULL });
	return harness_run(suite);
}
