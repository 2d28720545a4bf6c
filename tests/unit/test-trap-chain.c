/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals that do not concern the trap have the same effect as without it. Each
 * program runs in a child with the trap and in one without; its handlers must
 * see the same, and it must end the same way. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/harness.h"
#include <barspan/trap.h>
#include "trap/emulate.h"
#include "trap/memcheck.h"
#include "trap/private.h"
#include "trap/report.h"

enum {
	RW = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE,
	PAGE = 4096,
	SIZE = 4 * PAGE,
	STACK = 1 << 16
};

/* A child's observations. The padding of siginfo_t and addresses on stacks are
 * left out. */
struct record {
	int calls, number, code, error;
	uintptr_t address, pc_moved;
	bool on_stack, context;
	uint64_t mask, mask_after;
	bool ran_on; /* it ran to its end */
};

static struct record *record;
static struct barspan_device *device;
static struct barspan *span;
static uint8_t *stack;

static const struct barspan_range area = { 0, PAGE };

static void set_up(void)
{
	const struct barspan_soft_region region = {
		.size = SIZE,
		.flags = RW | BARSPAN_REGION_MMAP,
		.n_areas = 1,
		.areas = &area,
	};

	ck_assert_zero(harness_open_soft(&device, &region, 1));
	ck_assert_zero(barspan_map(&span, device, 0, NULL));
	record = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert(record != MAP_FAILED && stack != MAP_FAILED);
	/* Allocate now: memory of the report would move the mappings that
	 * children make. */
	ck_assert_zero(report_prepare());
}

static void tear_down(void)
{
	munmap(stack, STACK);
	munmap(record, PAGE);
	barspan_unmap(span);
	barspan_device_close(device);
}

static volatile uint8_t *address_at(uint64_t offset)
{
	return (volatile uint8_t *)barspan_base(span) + offset;
}

static uint64_t current_mask(void)
{
	uint64_t bits = 0;
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	memcpy(&bits, &set, sizeof(bits));
	return bits;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	uint8_t here;

	record->calls++;
	record->number = number;
	record->code = info->si_code;
	record->error = errno;
	/* The sender's process id differs between children. */
	record->address = info->si_code > 0 ? (uintptr_t)info->si_addr : 0;
	record->context = context != NULL;
	record->on_stack = &here >= stack && &here < stack + STACK;
	record->mask = current_mask();
	errno = 5;
	if (record->calls == 3)
		_exit(7);
}

static void on_plain_signal(int number)
{
	record->calls++;
	record->number = number;
	record->mask = current_mask();
	if (record->calls == 3)
		_exit(7);
}

/* Faults, and signals that resemble faults. */
static void touch_null(void)
{
	volatile uintptr_t address = 8;

	*(volatile int *)address = 1;
}

static void read_no_address(void)
{
	volatile uintptr_t address = UINT64_C(1) << 62;

	(void)*(volatile int *)address;
}

static void jump_into_hole(void)
{
	void (*function)(void) = (void (*)(void))(uintptr_t)address_at(PAGE);

	function();
}

static void touch_behind_file(void)
{
	ck_assert_zero(ftruncate(barspan_soft_fd(device, 0), 0));
	(void)*address_at(0);
}

static void send_segv(void)
{
	kill(getpid(), SIGSEGV);
}

static void queue_bus(void)
{
	sigqueue(getpid(), SIGBUS, (union sigval){ .sival_int = 3 });
}

static void raise_segv(void)
{
	raise(SIGSEGV);
}

static void touch_read_only(void)
{
	const struct barspan_options options = { .size = sizeof(options), .prot = PROT_READ };
	struct barspan *other;

	if (!barspan_map(&other, device, 0, &options))
		*((volatile uint8_t *)barspan_base(other) + PAGE) = 1;
}

/* A direct page, which the program has protected. */
static void touch_protected(void)
{
	ck_assert_zero(mprotect((void *)(uintptr_t)address_at(0), PAGE, PROT_NONE));
	(void)*address_at(4);
}

static void (*const faults[])(void) = {
	touch_null, read_no_address, jump_into_hole,  touch_behind_file, send_segv,
	queue_bus,  raise_segv,	     touch_read_only, touch_protected,
};

enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

static void install_action(const struct sigaction *action)
{
	const stack_t other = { .ss_sp = stack, .ss_size = STACK };

	if (!action)
		return;
	sigaltstack(&other, NULL);
	sigaction(SIGSEGV, action, NULL);
	sigaction(SIGBUS, action, NULL);
}

static bool with_core;

static struct record run_child(void (*fault)(void), const struct sigaction *action, bool trap,
			       bool late, int *status)
{
	const struct barspan_trap_options options = {
		.size = sizeof(options),
		.flags = harness_instrumented() ? 0 : BARSPAN_TRAP_REPORT,
	};
	pid_t child;

	memset(record, 0, sizeof(*record));
	fflush(NULL);
	child = fork();
	if (!child) {
		const struct rlimit no_core = { 0, 0 };
		int r = 0;

		if (!with_core)
			setrlimit(RLIMIT_CORE, &no_core);
		if (!late)
			install_action(action);
		if (trap)
			r = barspan_trap_enable(&options);
		if (late && trap)
			r = barspan_trap_chain_(SIGSEGV, action, NULL) |
			    barspan_trap_chain_(SIGBUS, action, NULL);
		if (late)
			install_action(trap ? NULL : action);
		if (late && trap && action)
			sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = STACK }, NULL);
		if (r)
			_exit(99);
		errno = 77;
		fault();
		record->mask_after = current_mask();
		record->ran_on = true;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, status, 0), child);
	return *record;
}

static void check_fault(size_t fault, const struct sigaction *action, bool late)
{
	int status[2] = { 0 };
	struct record without = run_child(faults[fault], action, false, late, &status[0]);
	struct record with = run_child(faults[fault], action, true, late, &status[1]);

	/* valgrind does not apply a mask with SA_NODEFER. */
	if (memcheck_is_there())
		without.mask = with.mask;
	ck_assert_msg(!memcmp(&without, &with, sizeof(with)) && status[0] == status[1],
		      "fault %zu flags %x late %d: status %x %x, calls %d %d, code %d %d, "
		      "address %lx %lx, stack %d %d, mask %lx %lx, errno %d %d",
		      fault, action ? (unsigned int)action->sa_flags : 0, late, status[0],
		      status[1], without.calls, with.calls, without.code, with.code,
		      without.address, with.address, without.on_stack, with.on_stack, without.mask,
		      with.mask, without.error, with.error);
}

START_TEST(default_action_and_ignoring_are_as_without_the_trap)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	set_up();
	for (size_t fault = 0; fault < FAULTS; fault++) {
		check_fault(fault, NULL, false);
		check_fault(fault, &ignore, false);
		check_fault(fault, &ignore, true);
	}
	tear_down();
}
END_TEST

START_TEST(handlers_of_every_kind_are_called_as_without_the_trap)
{
	static const int flags[] = { SA_SIGINFO, (int)SA_RESETHAND, SA_NODEFER, SA_ONSTACK };

	set_up();
	for (unsigned int choice = 0; choice < 64; choice++) {
		struct sigaction action = { .sa_flags = 0 };

		for (unsigned int i = 0; i < 4; i++)
			action.sa_flags |= choice >> i & 1 ? flags[i] : 0;
		if (action.sa_flags & SA_SIGINFO)
			action.sa_sigaction = on_signal;
		else
			action.sa_handler = on_plain_signal;
		if (choice & 16)
			sigaddset(&action.sa_mask, SIGUSR1);
		for (size_t fault = 0; fault < FAULTS; fault++)
			check_fault(fault, &action, choice & 32);
	}
	tear_down();
}
END_TEST

START_TEST(core_is_dumped_as_without_the_trap)
{
	const struct rlimit some = { 1 << 20, RLIM_INFINITY };
	char directory[] = "/tmp/barspan-core-XXXXXX";
	struct rlimit limit;
	int status = 0;

	set_up();
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_zero(chdir(directory));
	getrlimit(RLIMIT_CORE, &limit);
	if (!limit.rlim_cur)
		setrlimit(RLIMIT_CORE,
			  limit.rlim_max ? &(struct rlimit){ 1 << 20, limit.rlim_max } : &some);
	with_core = true;
	check_fault(0, NULL, false);
	run_child(touch_null, NULL, true, false, &status);
	with_core = false;
	printf("# WCOREDUMP: %d\n", WCOREDUMP(status) != 0);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	ck_assert_zero(system("rm -f core core.*"));
	ck_assert_zero(chdir("/"));
	rmdir(directory);
	tear_down();
}
END_TEST

int main(void)
{
	/* Load the decoder in both children. Loaded with the trap only, it
	 * would move later mappings. */
	emulate_load();
	Suite *suite = suite_create("trap-chain");

#ifdef __SANITIZE_THREAD__
	return harness_skip("ThreadSanitizer has handlers and masks of its own");
#endif
	harness_add(suite, "chain",
		    (const TTest *const[]){ default_action_and_ignoring_are_as_without_the_trap,
					    handlers_of_every_kind_are_called_as_without_the_trap,
					    core_is_dumped_as_without_the_trap, NULL });
	return harness_run(suite);
}
