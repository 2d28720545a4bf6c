/* SPDX-License-Identifier: BSD-3-Clause */
/* How much of the alternate stack a trapped access uses. Painted stacks show
 * it. If a stack is too small, the process ends with an explanation. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "trap/x86/emulate.h"
#include "support/trap-fixture.h"

/* BOUND: bytes below the kernel's frame, as barspan_trap_enable(3)
 * documents. */
enum { BOUND = 1024, STACK = 1 << 16, PAINT = 0xa5, PATTERN = 0x04030201 };
enum { MIN_STACK = 512, UNUSABLE = 77, SERVED = 33, HANDLED = 3 };

/* In memory that children share. */
static struct shared {
	uintptr_t frame; /* the lowest address of the kernel's frame on the alternate stack */
	uint8_t stack[STACK] __attribute__((aligned(64)));
} * shared;

static void set_up_stack(unsigned int flags)
{
	set_up(flags);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	*reg32(HOLE + 0x10) = PATTERN;
}

static void tear_down_stack(void)
{
	munmap(shared, sizeof(*shared));
	tear_down();
}

/* The kernel's frame begins with a return address. The context follows directly
 * above it. */
static void note_frame(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	shared->frame = (uintptr_t)context - sizeof(void *);
}

static void find_frame(void)
{
	const struct sigaction action = { .sa_sigaction = note_frame,
					  .sa_flags = SA_SIGINFO | SA_ONSTACK };

	ck_assert_zero(sigaction(SIGUSR1, &action, NULL));
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
	ck_assert_uint_lt(shared->frame - (uintptr_t)shared->stack, STACK);
	memset(shared->stack, PAINT, STACK);
}

static size_t used_stack(void)
{
	size_t i = 0;

	while (shared->stack[i] == PAINT)
		i++;
	return shared->frame - (uintptr_t)&shared->stack[i];
}

static void *act_on_stack(void *argument)
{
	const stack_t stack = { .ss_sp = shared->stack, .ss_size = STACK },
		      none = { .ss_flags = SS_DISABLE };
	void (*act)(void);

	memcpy(&act, argument, sizeof(act));
	ck_assert_zero(sigaltstack(&stack, NULL));
	find_frame();
	act();
	sigaltstack(&none, NULL);
	return NULL;
}

/* In a new thread, whose alternate stack no other test uses. */
static void run_in_thread(void (*act)(void))
{
	pthread_t thread;

	ck_assert_zero(pthread_create(&thread, NULL, act_on_stack, &act));
	pthread_join(thread, NULL);
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

static void load_hole(void)
{
	ck_assert_uint_eq(*reg32(HOLE + 0x10), PATTERN);
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

static void load_vector(void)
{
#ifdef __x86_64__
	__asm__ volatile("movdqu %0, %%xmm1" : : "m"(*reg32(HOLE + 0x40)) : "xmm1");
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

static sigjmp_buf jump;

static void on_division(int number)
{
	siglongjmp(jump, number);
}

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

/* A stack with room for the kernel's frame and `room` more bytes. The memory
 * below it must not be written. */
static size_t room;
static volatile uint32_t seen;

static void *act_on_small_stack(void *argument)
{
	size_t frame = (uintptr_t)shared->stack + STACK - shared->frame;
	const stack_t stack = { .ss_sp = shared->stack + STACK - frame - room,
				.ss_size = frame + room };
	void (*act)(void);

	memcpy(&act, argument, sizeof(act));
	memset(shared->stack, PAINT, STACK);
	if (sigaltstack(&stack, NULL))
		_exit(UNUSABLE);
	act();
	return NULL;
}

static void run_small(void (*act)(void))
{
	pthread_t thread;

	run_in_thread(load_hole); /* finds the frame's size */
	pthread_create(&thread, NULL, act_on_small_stack, &act);
	pthread_join(thread, NULL);
}

static void load_and_keep(void)
{
	seen = *reg32(HOLE + 0x10);
}

static void load_with_little_room(void)
{
	run_small(load_and_keep);
	_exit(seen == PATTERN ? SERVED : 4);
}

/* The number of written bytes below the small stack. */
static size_t count_overrun(void)
{
	size_t below = shared->frame - room - (uintptr_t)shared->stack, i = 0;

	while (i < below && shared->stack[i] == PAINT)
		i++;
	return below - i;
}

static void check_room(size_t bytes)
{
	const char *text;
	int status;

	room = bytes;
	ck_assert_zero(ftruncate(output, 0));
	ck_assert_zero(lseek(output, 0, SEEK_SET));
	status = end_of(load_with_little_room);
	if (WIFEXITED(status) && WEXITSTATUS(status) == UNUSABLE)
		return;
	if (bytes >= BOUND) {
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == SERVED,
			      "%zu bytes: status %x", bytes, status);
		return;
	}
	text = read_back(output);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "%zu bytes: status %x",
		      bytes, status);
	ck_assert_msg(!strncmp(text, "barspan: the alternate signal stack ", 36), "%zu bytes: '%s'",
		      bytes, text);
	/* Finding out that nothing is left takes the handler a few bytes. */
	ck_assert_msg(count_overrun() <= (bytes < 64 ? 64 : 0), "%zu bytes: %zu bytes overrun",
		      bytes, count_overrun());
}

START_TEST(small_alternate_stack_is_explained)
{
	set_up_stack(BARSPAN_TRAP_EMULATE);
	for (size_t bytes = 32; bytes <= 2 * BOUND; bytes += 32)
		check_room(bytes);
	tear_down_stack();
}
END_TEST

static void exit_handled(int number)
{
	(void)number;
	_exit(HANDLED);
}

static void touch_nothing(void)
{
	volatile uintptr_t address = 8;

	seen = *(volatile uint32_t *)address;
}

static void touch_nothing_with_little_room(void)
{
	const struct sigaction action = { .sa_handler = exit_handled, .sa_flags = SA_ONSTACK };

	barspan_trap_disable();
	sigaction(SIGSEGV, &action, NULL);
	if (enable(BARSPAN_TRAP_EMULATE))
		_exit(4);
	run_small(touch_nothing);
}

/* Passing a fault on takes less of the stack than serving one. */
START_TEST(passing_on_a_fault_takes_less_of_the_stack)
{
	int status;

	set_up_stack(BARSPAN_TRAP_EMULATE);
	room = MIN_STACK;
	status = end_of(touch_nothing_with_little_room);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == HANDLED, "status %x", status);
	ck_assert_uint_eq(count_overrun(), 0);
	tear_down_stack();
}
END_TEST

#ifdef __x86_64__
static struct sigaction traps;

/* Runs before the trap's handler, and breaks the frame: the vector registers
 * are not at the offset that it gives. */
static void break_frame(int number, siginfo_t *info, void *context)
{
	if (info->si_addr == (const void *)(uintptr_t)reg32(HOLE + 0x40))
		((ucontext_t *)context)->uc_mcontext.fpregs = (void *)(uintptr_t)(base + SIZE + 64);
	traps.sa_sigaction(number, info, context);
}

static void fault_in_the_handler(void)
{
	struct sigaction mine = { .sa_sigaction = break_frame,
				  .sa_flags = SA_SIGINFO | SA_NODEFER };

	signal(SIGSEGV, exit_handled);
	if (enable(BARSPAN_TRAP_EMULATE) || sigaction(SIGSEGV, &mine, &traps))
		_exit(4);
	munmap((void *)(uintptr_t)(base + SIZE), PAGE);
	load_vector();
}

/* The fault must not reach the program's handler. If that returned, it would be
 * called again and again. */
START_TEST(fault_in_the_handler_is_final)
{
	set_up_stack(BARSPAN_TRAP_EMULATE);
	barspan_trap_disable();
	check_killed(fault_in_the_handler);
	ck_assert_ptr_nonnull(strstr(read_back(output),
				     "barspan: the trap's handler faulted: instruction at 0x"));
	tear_down_stack();
}
END_TEST
#endif

int main(void)
{
	Suite *suite;

	if (emulate_load() || harness_instrumented()) {
		printf("1..0 # SKIP emulation is not built in, or other code takes stack\n");
		return 0;
	}
	suite = suite_create("trap-stack");
	harness_add(suite, "stack",
		    (const TTest *const[]){ served_accesses_take_little_of_the_alternate_stack,
					    explanations_take_little_of_the_alternate_stack,
					    small_alternate_stack_is_explained,
					    passing_on_a_fault_takes_less_of_the_stack,
#ifdef __x86_64__
					    fault_in_the_handler_is_final,
#endif
					    NULL });
	return harness_run(suite);
}
