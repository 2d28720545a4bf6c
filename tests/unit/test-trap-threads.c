/* SPDX-License-Identifier: BSD-3-Clause */
/* The trap in threads, on alternate stacks, in signal handlers, and with memory
 * that faults while the trap copies. */
#include <barspan/trap.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "support/harness.h"
#include "trap/memcheck.h"

enum {
	RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE,
	PAGE = 4096,
	SIZE = 4 * PAGE,
	HOLE = PAGE,
	THREADS = 4
};

static const struct barspan_range area = { 0, PAGE };
static struct barspan_device *device;
static bool stop;

static void set_up(unsigned int flags)
{
	const struct barspan_soft_region region = {
		.size = SIZE,
		.flags = RW | BARSPAN_REGION_MMAP,
		.n_areas = 1,
		.areas = &area,
	};
	const struct barspan_trap_options options = { .size = sizeof(options), .flags = flags };

	ck_assert_zero(harness_open_soft(&device, &region, 1));
	ck_assert_zero(barspan_trap_enable(&options));
	stop = false;
}

static void tear_down(void)
{
	barspan_trap_disable();
	barspan_device_close(device);
}

static struct barspan *map_span(void)
{
	struct barspan *span;

	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	return span;
}

static volatile uint32_t *register_at(struct barspan *span, uint64_t offset)
{
	return (volatile uint32_t *)((volatile uint8_t *)barspan_base(span) + offset);
}

/* Each thread uses its own registers. */
static void *trap_much(void *argument)
{
	uintptr_t me = (uintptr_t)argument;
	unsigned int rounds = harness_instrumented() ? 300 : 20000;
	struct barspan *span = map_span();

	for (uint32_t i = 0; i < rounds; i++) {
		volatile uint32_t *reg = register_at(span, HOLE + 256 * me + 4 * (i % 16));

		*reg = i;
		*reg += 1;
		ck_assert_uint_eq(*reg, i + 1);
	}
	barspan_unmap(span);
	return NULL;
}

static void *come_and_go(void *argument)
{
	(void)argument;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		struct barspan *spans[8];

		for (size_t i = 0; i < 8; i++)
			spans[i] = map_span();
		ck_assert_uint_eq(*register_at(spans[3], SIZE - 4), 0);
		for (size_t i = 0; i < 8; i++)
			barspan_unmap(spans[i]);
	}
	return NULL;
}

START_TEST(threads_trap_at_once_while_spans_are_mapped_and_unmapped)
{
	pthread_t threads[THREADS], other;
	struct barspan_trap_counts counts = { .size = sizeof(counts) };

	set_up(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	pthread_create(&other, NULL, come_and_go, NULL);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, trap_much, (void *)i);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	ck_assert_zero(barspan_trap_count(&counts));
	ck_assert_uint_eq(counts.failed, 0);
	tear_down();
}
END_TEST

static struct barspan *shared;

static void *suspend_and_resume(void *argument)
{
	(void)argument;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		ck_assert_zero(barspan_suspend(shared));
		ck_assert_zero(barspan_resume(shared));
	}
	return NULL;
}

/* A resume may make the hole direct between the fault and the handler. */
START_TEST(raw_accesses_work_during_suspend_and_resume)
{
	unsigned int rounds = harness_instrumented() ? 2000 : 200000;
	pthread_t other;

	set_up(BARSPAN_TRAP_EMULATE);
	shared = map_span();
	pthread_create(&other, NULL, suspend_and_resume, NULL);
	for (uint32_t i = 0; i < rounds; i++) {
		*register_at(shared, 8) = i;
		ck_assert_uint_eq(*register_at(shared, 8), i);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	barspan_unmap(shared);
	tear_down();
}
END_TEST

static uint32_t seen_in_handler;

static void access_in_handler(int number)
{
	(void)number;
	*register_at(shared, HOLE + 4) += 1;
	seen_in_handler = *register_at(shared, HOLE + 4);
}

static int raise_in_read(void *context, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	/* A signal that arrives during the trap's handler. */
	if (offset == HOLE)
		raise(SIGUSR1);
	memset(buffer, (int)(offset & 0xff), length);
	return 0;
}

static int ignore_write(void *context, uint64_t offset, const void *buffer, size_t length)
{
	(void)context;
	(void)offset;
	(void)buffer;
	(void)length;
	return 0;
}

static void *trap_nested(void *argument)
{
	(void)argument;
	ck_assert_uint_eq(*register_at(shared, HOLE), 0);
	return NULL;
}

#ifndef __SANITIZE_THREAD__ /* ThreadSanitizer blocks all signals during a handler */
START_TEST(accesses_in_a_signal_handler_are_served)
{
	pthread_t thread;

	const struct barspan_soft_region region = {
		.size = SIZE, .flags = RW, .read = raise_in_read, .write = ignore_write
	};
	const struct barspan_trap_options options = { .size = sizeof(options),
						      .flags = BARSPAN_TRAP_EMULATE };

	ck_assert_zero(harness_open_soft(&device, &region, 1));
	ck_assert_zero(barspan_trap_enable(&options));
	shared = map_span();
	signal(SIGUSR1, access_in_handler);
	/* valgrind does not extend the first thread's stack for a signal
	 * frame. */
	pthread_create(&thread, NULL, trap_nested, NULL);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(seen_in_handler, 0x04040404);
	signal(SIGUSR1, SIG_DFL);
	barspan_unmap(shared);
	tear_down();
}
END_TEST

#endif

/* The smallest stack that a signal fits on, plus a few bytes. */
static void *trap_on_other_stack(void *argument)
{
	size_t size = (size_t)sysconf(_SC_SIGSTKSZ);
	stack_t stack = { .ss_size = size < 8192 ? 8192 : size,
			  .ss_sp = malloc(size < 8192 ? 8192 : size) };

	(void)argument;
	ck_assert_zero(sigaltstack(&stack, NULL));
	ck_assert_uint_eq(*register_at(shared, HOLE + 0x40), 0);
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	free(stack.ss_sp);
	return NULL;
}

START_TEST(accesses_on_a_threads_alternate_stack_are_served)
{
	pthread_t thread;

	set_up(BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT);
	shared = map_span();
	pthread_create(&thread, NULL, trap_on_other_stack, NULL);
	pthread_join(thread, NULL);
	barspan_unmap(shared);
	tear_down();
}
END_TEST

static void *block_and_wait(void *argument)
{
	sigset_t all;

	(void)argument;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		usleep(1000);
	return NULL;
}

START_TEST(accesses_are_served_while_another_thread_blocks_signals)
{
	pthread_t other;

	set_up(BARSPAN_TRAP_EMULATE);
	shared = map_span();
	pthread_create(&other, NULL, block_and_wait, NULL);
	for (uint32_t i = 0; i < 100; i++)
		*register_at(shared, HOLE) = *register_at(shared, HOLE) + 1;
	ck_assert_uint_eq(*register_at(shared, HOLE), 100);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	barspan_unmap(shared);
	tear_down();
}
END_TEST

#ifdef __x86_64__
static sigjmp_buf jump;
static siginfo_t fault_info;
static mcontext_t fault_machine;

static void on_fault(int number, siginfo_t *info, void *context)
{
	fault_info = *info;
	fault_machine = ((ucontext_t *)context)->uc_mcontext;
	siglongjmp(jump, number);
}

/* Copies eight bytes from a hole to memory whose fourth byte is not mapped.
 * Returns the signal. */
static int copy_from_hole(uint8_t *memory)
{
	void *to = memory - 3, *from = (void *)(uintptr_t)register_at(shared, HOLE);
	uint64_t count = 8;
	int number = sigsetjmp(jump, 1);

	if (!number)
		__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count)::"memory");
	return number;
}

/* The program's handler gets the fault of the memory, not that of the hole. */
START_TEST(memory_fault_of_a_string_instruction_reaches_the_program)
{
	const struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	int fd = memfd_create("short", MFD_CLOEXEC);
	uint8_t *memory;

	ck_assert_zero(ftruncate(fd, PAGE));
	memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_zero(sigaction(SIGSEGV, &action, NULL));
	ck_assert_zero(sigaction(SIGBUS, &action, NULL));
	set_up(BARSPAN_TRAP_EMULATE);
	shared = map_span();
	*register_at(shared, HOLE) = 0x04030201;
	/* memcheck reports only so many accesses to unmapped memory. */
	for (unsigned int round = 0; round < (memcheck_is_there() ? 2 : 3); round++) {
		static const int numbers[] = { SIGBUS, SIGSEGV, SIGSEGV },
				 codes[] = { BUS_ADRERR, SEGV_ACCERR, SEGV_MAPERR };

		if (round == 1)
			ck_assert_zero(mprotect(memory + PAGE, PAGE, PROT_NONE));
		if (round == 2)
			munmap(memory + PAGE, PAGE);
		memset(memory, 0, PAGE);
		ck_assert_int_eq(copy_from_hole(memory + PAGE), numbers[round]);
		ck_assert_int_eq(fault_info.si_signo, numbers[round]);
		ck_assert_int_eq(fault_info.si_code, codes[round]);
		ck_assert_ptr_eq(fault_info.si_addr, memory + PAGE);
		if (!memcheck_is_there()) {
			ck_assert_int_eq(fault_machine.gregs[REG_CR2],
					 (greg_t)(uintptr_t)(memory + PAGE));
			/* The fault is a write from user mode; the one in the
			 * hole was a read. */
			ck_assert_int_eq(fault_machine.gregs[REG_ERR] & 6, 6);
		}
		ck_assert_uint_eq(memory[PAGE - 3], 1);
		ck_assert_uint_eq(memory[PAGE - 1], 3);
	}
	barspan_unmap(shared);
	tear_down();
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	munmap(memory, PAGE);
	close(fd);
}
END_TEST
#endif

int main(void)
{
	const struct barspan_trap_options options = { .size = sizeof(options),
						      .flags = BARSPAN_TRAP_EMULATE };
	Suite *suite = suite_create("trap-threads");

	if (barspan_trap_enable(&options))
		return harness_skip("emulation is not built in");
	barspan_trap_disable();
	harness_add(
		suite, "threads",
		(const TTest *const[]){ threads_trap_at_once_while_spans_are_mapped_and_unmapped,
					raw_accesses_work_during_suspend_and_resume,
#ifndef __SANITIZE_THREAD__
					accesses_in_a_signal_handler_are_served,
#endif
					accesses_on_a_threads_alternate_stack_are_served,
					accesses_are_served_while_another_thread_blocks_signals,
#ifdef __x86_64__
					memory_fault_of_a_string_instruction_reaches_the_program,
#endif
					NULL });
	return harness_run(suite);
}
