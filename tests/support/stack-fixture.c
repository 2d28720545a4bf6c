/* SPDX-License-Identifier: BSD-3-Clause */
#include "stack-fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

struct shared *shared;

void set_up_stack(unsigned int flags)
{
	set_up(flags);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	*reg32(HOLE + 0x10) = PATTERN;
}

void tear_down_stack(void)
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

void run_in_thread(void (*act)(void))
{
	pthread_t thread;

	ck_assert_zero(pthread_create(&thread, NULL, act_on_stack, &act));
	pthread_join(thread, NULL);
}

void load_hole(void)
{
	ck_assert_uint_eq(*reg32(HOLE + 0x10), PATTERN);
}

void load_vector(void)
{
#ifdef __x86_64__
	__asm__ volatile("movdqu %0, %%xmm1" : : "m"(*reg32(HOLE + 0x40)) : "xmm1");
#endif
}
