/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults of direct bytes with other signal frames than the kernel's: a handler
 * of the test changes the frame and calls the trap's handler. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "trap/emulate.h"
#include "trap/memcheck.h"
#include "support/trap-fixture.h"

enum { PATTERN = 0x04030201, HANDLED = 5 };

/* the trap's handlers of SIGSEGV and SIGBUS, which the test's handler calls */
static struct sigaction traps[2]; /* of SIGSEGV, SIGBUS */
static volatile unsigned int calls;
static void (*change)(siginfo_t *info, ucontext_t *context);

static void call_trap(int number, siginfo_t *info, void *context)
{
	calls++;
	if (change)
		change(info, context);
	traps[info->si_signo == SIGBUS].sa_sigaction(info->si_signo, info, context);
	(void)number;
}

static void put_on_top(void (*how)(siginfo_t *info, ucontext_t *context))
{
	const struct sigaction mine = { .sa_sigaction = call_trap,
					.sa_flags = SA_SIGINFO | SA_NODEFER };

	change = how;
	calls = 0;
	ck_assert_zero(sigaction(SIGSEGV, &mine, &traps[0]));
	ck_assert_zero(sigaction(SIGBUS, &mine, &traps[1]));
}

static void take_off(void)
{
	sigaction(SIGSEGV, &traps[0], NULL);
	sigaction(SIGBUS, &traps[1], NULL);
}

/* Another thread may have resumed the span: the trap retries the instruction
 * once. */
START_TEST(first_fault_is_retried_once)
{
	set_up_registers();
	put_on_top(NULL);
	(void)*reg32(8);
	ck_assert_uint_eq(calls, 2);
	for (uint64_t i = 0; i < 10; i++)
		(void)*reg32(8 + 4 * (i % 3));
	ck_assert_uint_eq(calls, 12);
	take_off();
	tear_down();
}
END_TEST

static void bring_back(siginfo_t *info, ucontext_t *context)
{
	(void)info;
	(void)context;
	protect_page(PROT_READ | PROT_WRITE);
}

START_TEST(page_that_is_accessible_again_is_not_rescued)
{
	uint64_t before;

	set_up(BARSPAN_TRAP_RESCUE);
	*reg32(8) = PATTERN;
	before = count().rescued;
	protect_page(PROT_NONE);
	put_on_top(bring_back);
	ck_assert_uint_eq(*reg32(8), PATTERN);
	take_off();
	ck_assert_uint_eq(count().rescued, before);
	ck_assert_str_eq(read_back(output), "");
	tear_down();
}
END_TEST

/* The frame of an SEV-SNP exception: no address, and an error code of its own
 * instead of the page fault's. */
static void be_snp(siginfo_t *info, ucontext_t *context)
{
	info->si_signo = SIGBUS;
	info->si_code = BUS_OBJERR;
	info->si_addr = NULL;
#ifdef __x86_64__
	context->uc_mcontext.gregs[REG_ERR] = 0x400 | 1 << 4 | 1 << 1;
	context->uc_mcontext.gregs[REG_CR2] = 0;
#else
	(void)context;
#endif
}

static void be_tdx(siginfo_t *info, ucontext_t *context)
{
	be_snp(info, context);
	info->si_signo = SIGSEGV;
	info->si_code = SI_KERNEL;
}

static void access_all_ways(void)
{
	volatile uint32_t *reg = reg32(0x20);

	*reg = PATTERN;
	ck_assert_uint_eq(*reg, PATTERN);
	ck_assert_uint_eq(__atomic_exchange_n(reg, 9, __ATOMIC_SEQ_CST), PATTERN);
	ck_assert_uint_eq(base[0x20], 9);
#ifdef __x86_64__
	if (!memcheck_is_there()) {
		static uint8_t to[16];
		const void *in = (const void *)(uintptr_t)(base + 0x40);
		void *out = to;
		size_t n = sizeof(to);

		__asm__ volatile("rep movsb" : "+D"(out), "+S"(in), "+c"(n) : : "memory");
		ck_assert_int_eq(memcmp(to, registers + 0x40, sizeof(to)), 0);
		in = to;
		out = (void *)(uintptr_t)(base + 0x80);
		n = sizeof(to);
		__asm__ volatile("rep movsb" : "+D"(out), "+S"(in), "+c"(n) : : "memory");
		ck_assert_int_eq(memcmp(registers + 0x80, registers + 0x40, sizeof(to)), 0);
	}
#endif
}

START_TEST(frame_without_an_address_is_decoded)
{
	set_up_registers();
	put_on_top(be_snp);
	access_all_ways();
	change = be_tdx;
	access_all_ways();
	ck_assert_uint_gt(calls, 5);
	take_off();
	tear_down();
}
END_TEST

static void exit_handled(int number)
{
	(void)number;
	_exit(HANDLED);
}

/* Runs in a child, whose handlers are installed before the trap's. */
static void prepare_child(unsigned int flags, void (*how)(siginfo_t *info, ucontext_t *context))
{
	barspan_trap_disable();
	signal(SIGSEGV, exit_handled);
	signal(SIGBUS, exit_handled);
	ck_assert_zero(enable(flags));
	put_on_top(how);
}

static void load_outside(void)
{
	int file = memfd_create("empty", MFD_CLOEXEC);
	volatile uint32_t *nowhere = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);

	prepare_child(BARSPAN_TRAP_RESCUE, be_snp);
	(void)*nowhere;
}

static void load_refused_in_span(void)
{
	prepare_child(BARSPAN_TRAP_EMULATE, be_snp);
	(void)*reg32(8);
}

static void be_memory_error(siginfo_t *info, ucontext_t *context)
{
	(void)context;
	info->si_code = BUS_MCEERR_AR;
}

static void be_late_memory_error(siginfo_t *info, ucontext_t *context)
{
	(void)context;
	info->si_code = BUS_MCEERR_AO;
}

static void load_from_bad_memory(void)
{
	prepare_child(BARSPAN_TRAP_RESCUE, be_memory_error);
	(void)*reg32(8);
}

static void load_from_late_memory(void)
{
	prepare_child(BARSPAN_TRAP_RESCUE, be_late_memory_error);
	(void)*reg32(8);
}

static void load_without_rescue(void)
{
	prepare_child(BARSPAN_TRAP_EMULATE, NULL);
	(void)*reg32(8);
}

static void load_without_form(void)
{
	prepare_child(BARSPAN_TRAP_RESCUE, NULL);
#ifdef __x86_64__
	__asm__ volatile("fildl %0" : "+m"(*reg32(8)));
#elif defined(__aarch64__)
	uint32_t value;

	__asm__ volatile("ldxr %w0, %1" : "=r"(value) : "Q"(*reg32(8)));
#endif
}

/* The trap serves the part in the hole and then faults at the direct part. */
static void load_into_lost_page(void)
{
	static const struct barspan_range second = { PAGE, PAGE };
	typedef uint32_t unaligned __attribute__((aligned(1)));

	set_up_device(&(struct barspan_soft_region){
		.size = SIZE, .flags = RW | BARSPAN_REGION_MMAP, .n_areas = 1, .areas = &second });
	prepare_child(BARSPAN_TRAP_EMULATE, NULL);
	if (ftruncate(barspan_soft_fd(device, 0), PAGE))
		_exit(4);
	(void)*(volatile unaligned *)(base + PAGE - 2);
}

static void load_from_hole(void)
{
	prepare_child(BARSPAN_TRAP_RESCUE, NULL);
	(void)*reg32(HOLE);
}

START_TEST(other_faults_are_passed_on)
{
	static void (*const acts[])(void) = {
		load_outside,	       load_refused_in_span, load_from_bad_memory,
		load_from_late_memory, load_without_rescue,  load_without_form,
		load_into_lost_page,   load_from_hole,
	};

	set_up_registers();
	/* Under valgrind, skip the last act: valgrind prints an error for the
	 * hole. */
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]) - memcheck_is_there(); i++) {
		int status = harness_run_child(acts[i]);

		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == HANDLED,
			      "act %zu: status %x", i, status);
	}
	ck_assert_ptr_nonnull(
		strstr(read_back(output),
		       "barspan: soft region 0 offset 0x8: mapped, but faults (SIGBUS): "
		       "instruction at 0x"));
	ck_assert_ptr_nonnull(strstr(read_back(output), " cannot be emulated: 0x"));
	ck_assert(memcheck_is_there() || strstr(read_back(output), " in a hole: "));
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite;

	if (emulate_load())
		return harness_skip("emulation is not built in");
	suite = suite_create("trap-rescue-frame");
	harness_add(suite, "frame",
		    (const TTest *const[]){ first_fault_is_retried_once,
					    page_that_is_accessible_again_is_not_rescued,
					    frame_without_an_address_is_decoded,
					    other_faults_are_passed_on, NULL });
	return harness_run(suite);
}
