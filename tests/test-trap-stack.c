/* SPDX-License-Identifier: BSD-3-Clause */
/* The alternate stack that a trapped access takes: its use is painted, and one that is too small ends the process with
 * an explanation. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "trap-emulate.h"
#include "trapped.h"

/* BOUND: bytes below the kernel's frame; doc/barspan_trap_enable.3 says it. */
enum { BOUND = 1024, STACK = 1 << 16, PAINT = 0xa5, PATTERN = 0x04030201 };

/* Shared with children. */
static struct shared {
	uintptr_t frame;	/* the lowest address of the kernel's frame on the alternate stack */
	uint8_t stack[STACK] __attribute__((aligned(64)));
} *shared;

static void set_up_stack(unsigned int flags)
{
	set_up(flags);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	*reg32(HOLE + 0x10) = PATTERN;
}

static void tear_down_stack(void)
{
	munmap(shared, sizeof(*shared));
	tear_down();
}

/* The kernel pushes a return address, and the context above it. */
static void note_frame(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	shared->frame = (uintptr_t)context - sizeof(void *);
}

static void find_frame(void)
{
	const struct sigaction action = { .sa_sigaction = note_frame, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	ck_assert_zero(sigaction(SIGUSR1, &action, NULL));
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
	ck_assert_uint_lt(shared->frame - (uintptr_t)shared->stack, STACK);
	memset(shared->stack, PAINT, STACK);
}

static size_t used(void)
{
	size_t i = 0;

	while (shared->stack[i] == PAINT)
		i++;
	return shared->frame - (uintptr_t)&shared->stack[i];
}

static void *act_on_stack(void *argument)
{
	const stack_t stack = { .ss_sp = shared->stack, .ss_size = STACK }, none = { .ss_flags = SS_DISABLE };
	void (*act)(void);

	memcpy(&act, argument, sizeof(act));
	ck_assert_zero(sigaltstack(&stack, NULL));
	find_frame();
	act();
	sigaltstack(&none, NULL);
	return NULL;
}

/* In a thread, whose alternate stack no other test's is. */
static void run(void (*act)(void))
{
	pthread_t thread;

	ck_assert_zero(pthread_create(&thread, NULL, act_on_stack, &act));
	pthread_join(thread, NULL);
}

/* The bound is one of optimised code, without a sanitizer's or valgrind's own. */
static void check_bound(const char *name)
{
	size_t bytes = used();

	printf("# %s: %zu bytes\n", name, bytes);
#ifdef __OPTIMIZE__
	ck_assert_msg(harness_instrumented() || bytes <= BOUND, "%s: %zu bytes of the alternate stack", name, bytes);
#endif
}

static void check_use(const char *name, void (*act)(void))
{
	run(act);
	check_bound(name);
}

static void load(void)
{
	ck_assert_uint_eq(*reg32(HOLE + 0x10), PATTERN);
}

static void load_again(void)
{
	load();
	memset(shared->stack, PAINT, STACK);
	load();
}

static void store(void)
{
	*reg32(HOLE + 0x20) = PATTERN;
}

static void modify(void)
{
	__atomic_fetch_add(reg32(HOLE + 0x30), 1, __ATOMIC_SEQ_CST);
}

static void load_across_the_edge(void)
{
	typedef uint32_t unaligned __attribute__((aligned(1)));

	(void)*(volatile unaligned *)(base + HOLE - 2);
}

static void copy(void)
{
#ifdef __x86_64__
	uint8_t to[64];
	void *out = to;
	const void *in = (const void *)(uintptr_t)(base + HOLE);
	size_t n = sizeof(to);

	__asm__ volatile("rep movsb" : "+D"(out), "+S"(in), "+c"(n) : : "memory");
#endif
}

static void load_vector(void)
{
#ifdef __x86_64__
	__asm__ volatile("movdqu %0, %%xmm1" : : "m"(*reg32(HOLE + 0x40)) : "xmm1");
#endif
}

START_TEST(served_accesses_take_little_of_the_alternate_stack)
{
	set_up_stack(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	check_use("load, first", load);
	check_use("load, again", load_again);
	check_use("store", store);
	check_use("modify", modify);
	check_use("load across the edge", load_across_the_edge);
	check_use("copy", copy);
	check_use("load of a vector", load_vector);
	tear_down_stack();
}
END_TEST

static void (*in_child)(void);

static void run_in_child(void)
{
	run(in_child);
}

static void do_unknown(void)
{
#ifdef __x86_64__
	__asm__ volatile("fildl %0" : "+m"(*reg32(HOLE)));
#endif
}

/* Explanation and report, and the default action. */
START_TEST(explanations_take_little_of_the_alternate_stack)
{
	static const unsigned int flags[] = { 0, BARSPAN_TRAP_REPORT, BARSPAN_TRAP_EMULATE };

	for (size_t i = 0; i < 3; i++) {
		set_up_stack(BARSPAN_TRAP_EMULATE);
		ck_assert_zero(enable(flags[i]));
		in_child = flags[i] == BARSPAN_TRAP_EMULATE ? do_unknown : load;
		check_killed(run_in_child);
		ck_assert_ptr_nonnull(strstr(read_back(output), " in a hole: "));
		check_bound("explanation");
		tear_down_stack();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trap-stack");

	if (emulate_load()) {
		printf("1..0 # SKIP emulation is not built in\n");
		return 0;
	}
	harness_add(suite, "stack", (const TTest *const[]){
		served_accesses_take_little_of_the_alternate_stack, explanations_take_little_of_the_alternate_stack, NULL });
	return harness_run(suite);
}
