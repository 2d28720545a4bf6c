/* SPDX-License-Identifier: BSD-3-Clause */
/* Alternate stacks that are too small for the trap, and faults in its handler:
 * the process ends with an explanation. */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "trap/emulate.h"
#include "support/stack-fixture.h"

enum { UNUSABLE = 77, SERVED = 33, HANDLED = 3 };

/* Bytes that the handler takes before it knows how many there are. */
#ifdef __aarch64__
enum { ENTRY = 192 };
#else
enum { ENTRY = 64 };
#endif

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
	status = harness_run_child(load_with_little_room);
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
	ck_assert_msg(count_overrun() <= (bytes < ENTRY ? ENTRY : 0),
		      "%zu bytes: %zu bytes overrun", bytes, count_overrun());
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
	room = END_MIN_STACK;
	status = harness_run_child(touch_nothing_with_little_room);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == HANDLED, "status %x", status);
	ck_assert_uint_eq(count_overrun(), 0);
	tear_down_stack();
}
END_TEST

#ifdef __x86_64__
static struct sigaction traps;
static uint8_t *no_access; /* a page */

/* Runs before the trap's handler, and breaks the frame: the vector registers
 * are not at the offset that it gives. */
static void break_frame(int number, siginfo_t *info, void *context)
{
	if (info->si_addr == (const void *)(uintptr_t)reg32(HOLE + 0x40))
		((ucontext_t *)context)->uc_mcontext.fpregs = (void *)(no_access + 64);
	traps.sa_sigaction(number, info, context);
}

static void fault_in_the_handler(void)
{
	struct sigaction mine = { .sa_sigaction = break_frame,
				  .sa_flags = SA_SIGINFO | SA_NODEFER };

	signal(SIGSEGV, exit_handled);
	if (enable(BARSPAN_TRAP_EMULATE) || sigaction(SIGSEGV, &mine, &traps))
		_exit(4);
	no_access = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (no_access == MAP_FAILED)
		_exit(4);
	load_vector();
}

/* The fault must not reach the program's handler. If that returned, it would be
 * called again and again. */
START_TEST(fault_in_the_handler_kills_the_process)
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

	if (emulate_load() || harness_instrumented())
		return harness_skip("emulation is not built in, or other code takes stack");
	suite = suite_create("trap-stack-small");
	harness_add(suite, "stack",
		    (const TTest *const[]){ small_alternate_stack_is_explained,
					    passing_on_a_fault_takes_less_of_the_stack,
#ifdef __x86_64__
					    fault_in_the_handler_kills_the_process,
#endif
					    NULL });
	return harness_run(suite);
}
