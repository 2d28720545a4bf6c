/* SPDX-License-Identifier: BSD-3-Clause */
/* What barspan-testing(7) says that a hook of a software device may do, when
 * a raw access calls it in the trap's signal handler. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trap/memcheck.h"
#include "trap/emulate.h"
#include "support/trap-fixture.h"

enum { NESTED = 0x100, LINE = 100 };

static void (*act)(uint64_t offset); /* called by each hook */
static struct {
	uint64_t offset;
	size_t length;
	bool is_write;
} seen[8];
static size_t n_seen;

static void see_access(uint64_t offset, size_t length, bool is_write)
{
	size_t i = __atomic_fetch_add(&n_seen, 1, __ATOMIC_RELAXED);

	ck_assert_uint_lt(i, sizeof(seen) / sizeof(seen[0]));
	seen[i].offset = offset;
	seen[i].length = length;
	seen[i].is_write = is_write;
	if (act)
		act(offset);
}

static int hooked_read(void *context, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	see_access(offset, length, false);
	memset(buffer, (int)(offset & 0xff), length);
	return 0;
}

static int hooked_write(void *context, uint64_t offset, const void *buffer, size_t length)
{
	(void)context;
	(void)buffer;
	see_access(offset, length, true);
	return 0;
}

/* All of the device is one hole. */
static void set_up_hooks(void)
{
	set_up_device(&(struct barspan_soft_region){
		.size = SIZE, .flags = RW, .read = hooked_read, .write = hooked_write });
	ck_assert_zero(enable(BARSPAN_TRAP_EMULATE));
	act = NULL;
	n_seen = 0;
}

/* A call keeps the compiler from moving what the hook uses past the access. */
static __attribute__((noinline)) uint32_t load(uint64_t offset)
{
	uint32_t value = *reg32(offset);

	__asm__ volatile("" ::: "memory");
	return value;
}

static pthread_t thread_of_hook;
static sigset_t mask_of_hook;

static void note_thread(uint64_t offset)
{
	(void)offset;
	thread_of_hook = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &mask_of_hook);
	errno = EXDEV;
}

START_TEST(hook_runs_in_the_thread_of_the_access)
{
	act = note_thread;
	errno = ENOENT;
	ck_assert_uint_eq(load(4), 0x04040404);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(pthread_equal(thread_of_hook, pthread_self()));
	ck_assert_int_eq(sigismember(&mask_of_hook, SIGSEGV), 0);
}
END_TEST

/* The driver's access interrupts none of these functions. */
static pthread_mutex_t model_lock = PTHREAD_MUTEX_INITIALIZER;
static char *allocated;
static FILE *printed_to;

static void use_c_library(uint64_t offset)
{
	ck_assert_zero(pthread_mutex_lock(&model_lock));
	free(allocated);
	allocated = malloc(LINE);
	snprintf(allocated, LINE, "access to 0x%x, %.1f", (unsigned int)offset, 0.5);
	fprintf(printed_to, "%s\n", allocated);
	ck_assert_zero(pthread_mutex_unlock(&model_lock));
}

START_TEST(hook_may_allocate_and_print_and_lock)
{
	char line[LINE] = "";

	printed_to = tmpfile();
	ck_assert_ptr_nonnull(printed_to);
	act = use_c_library;
	for (uint32_t i = 0; i < 4; i++)
		load(4 * i);
	rewind(printed_to);
	for (unsigned int i = 0; i < 4; i++)
		ck_assert_ptr_nonnull(fgets(line, LINE, printed_to));
	ck_assert_str_eq(line, "access to 0xc, 0.5\n");
	fclose(printed_to);
	free(allocated);
	allocated = NULL;
}
END_TEST

static uint32_t nested_value, nested_accessor;

static void access_registers(uint64_t offset)
{
	if (offset >= NESTED)
		return;
	nested_value = load(NESTED + 4);
	nested_accessor = barspan_read32(span, NESTED + 8);
}

START_TEST(hook_may_access_registers)
{
	act = access_registers;
	ck_assert_uint_eq(load(0x10), 0x10101010);
	ck_assert_uint_eq(nested_value, 0x04040404);
	ck_assert_uint_eq(nested_accessor, 0x08080808);
	ck_assert_uint_eq(n_seen, 3);
}
END_TEST

static pthread_barrier_t both;

static void wait_for_other(uint64_t offset)
{
	(void)offset;
	pthread_barrier_wait(&both);
}

static void *load_in_thread(void *argument)
{
	ck_assert_uint_eq(load((uintptr_t)argument), (uintptr_t)argument * 0x01010101);
	return NULL;
}

/* Each hook waits in the middle for the other. */
START_TEST(hooks_of_threads_run_at_once)
{
	pthread_t threads[2];

	act = wait_for_other;
	ck_assert_zero(pthread_barrier_init(&both, NULL, 2));
	for (uintptr_t i = 0; i < 2; i++)
		ck_assert_zero(
			pthread_create(&threads[i], NULL, load_in_thread, (void *)(4 * (i + 1))));
	for (size_t i = 0; i < 2; i++)
		ck_assert_zero(pthread_join(threads[i], NULL));
	ck_assert_uint_eq(n_seen, 2);
	pthread_barrier_destroy(&both);
}
END_TEST

static int irq_fd;

static void raise_irq(uint64_t offset)
{
	static const uint64_t once = 1;

	(void)offset;
	ck_assert_int_eq(write(irq_fd, &once, sizeof(once)), sizeof(once));
}

START_TEST(hook_may_signal_an_eventfd)
{
	uint64_t times = 0;

	irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	act = raise_irq;
	load(0);
	load(0);
	ck_assert_int_eq(read(irq_fd, &times, sizeof(times)), sizeof(times));
	ck_assert_uint_eq(times, 2);
	close(irq_fd);
}
END_TEST

static void fault_on_purpose(uint64_t offset)
{
	static volatile uintptr_t nowhere = 16;

	(void)offset;
	*(volatile int *)nowhere = 1;
}

static void load_and_fault(void)
{
	act = fault_on_purpose;
	load(0);
}

static void exit_with_7(uint64_t offset)
{
	(void)offset;
	exit(7);
}

static void load_and_exit(void)
{
	act = exit_with_7;
	load(0);
}

START_TEST(hook_that_faults_or_exits_ends_the_process)
{
	int status = harness_run_child(load_and_exit);

	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	check_killed(load_and_fault);
}
END_TEST

static void load_8(void)
{
	(void)*(base + 1);
}

static void load_16(void)
{
	(void)*(volatile uint16_t *)(base + 2);
}

static void store_32(void)
{
	*reg32(4) = 1;
}

static void store_64(void)
{
	*(volatile uint64_t *)(base + 8) = 1;
}

#ifdef __x86_64__
static void load_unaligned(void)
{
	uint32_t value;

	/* Compilers generate this for a member of a packed structure. */
	__asm__ volatile("movl %1, %0" : "=r"(value) : "m"(*(base + 0x11)));
}

static void or_32(void)
{
	__asm__ volatile("orl $1, %0" : "+m"(*reg32(0x20)));
}

static void or_32_locked(void)
{
	__asm__ volatile("lock orl $1, %0" : "+m"(*reg32(0x20)));
}

static void load_vector(void)
{
	__asm__ volatile("movups %0, %%xmm0" : : "m"(*(base + 0x40)) : "xmm0");
}

static void load_strings(size_t count)
{
	uint32_t buffer[2];
	volatile uint8_t *from = base + 0x60;
	void *to = buffer;

	__asm__ volatile("rep movsl" : "+c"(count), "+S"(from), "+D"(to) : : "memory");
}

static void load_string(void)
{
	load_strings(2);
}

static void load_short_string(void)
{
	load_strings(1);
}
#endif

static const struct {
	void (*make)(void);
	uint64_t offset;
	size_t length, reads, writes;
	bool uses_vector;
} accesses[] = {
	{ load_8, 1, 1, 1, 0, false },
	{ load_16, 2, 2, 1, 0, false },
	{ store_32, 4, 4, 0, 1, false },
	{ store_64, 8, 8, 0, 1, false },
#ifdef __x86_64__
	{ load_unaligned, 0x11, 4, 1, 0, false },
	{ or_32, 0x20, 4, 1, 1, false },
	{ or_32_locked, 0x20, 4, 1, 1, false },
	{ load_vector, 0x40, 16, 1, 0, true },
	{ load_string, 0x60, 4, 2, 0, false },
	{ load_short_string, 0x60, 4, 1, 0, false },
#endif
};

START_TEST(hook_gets_the_offset_and_length_of_each_access)
{
	size_t reads = 0, writes = 0;

	/* valgrind does not give a handler the vector registers. */
	if (accesses[_i].uses_vector && memcheck_is_there())
		return;
	accesses[_i].make();
	ck_assert_uint_eq(n_seen, accesses[_i].reads + accesses[_i].writes);
	for (size_t i = 0; i < n_seen; i++) {
		ck_assert_uint_eq(seen[i].length, accesses[_i].length);
		reads += !seen[i].is_write;
		writes += seen[i].is_write;
	}
	ck_assert_uint_eq(seen[0].offset, accesses[_i].offset);
	ck_assert_uint_eq(reads, accesses[_i].reads);
	ck_assert_uint_eq(writes, accesses[_i].writes);
}
END_TEST

int main(void)
{
	Suite *suite;

	if (emulate_load()) {
		printf("1..0 # SKIP emulation is not built in\n");
		return 0;
	}
	suite = suite_create("trap-hooks");
	harness_add_with(suite, "hooks", set_up_hooks, tear_down,
			 (const TTest *const[]){
				 hook_runs_in_the_thread_of_the_access,
				 hook_may_allocate_and_print_and_lock, hook_may_access_registers,
				 hooks_of_threads_run_at_once, hook_may_signal_an_eventfd,
				 hook_that_faults_or_exits_ends_the_process, NULL });
	harness_add_rows(suite, "accesses", set_up_hooks, tear_down,
			 hook_gets_the_offset_and_length_of_each_access,
			 sizeof(accesses) / sizeof(accesses[0]));
	return harness_run(suite);
}
