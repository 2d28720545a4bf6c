/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include <barspan/trap.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "bar.h"

#if defined(__x86_64__) && !defined(__ILP32__)
#include <sys/user.h>

/* More sites than the library's cache of decoded instructions holds: each site
 * has been evicted when its turn comes again. */
enum { SITES = 4096, SITE_SIZE = 16, LENGTH = 2 };

static const uint8_t load_code[] = { 0x8b, 0x07, 0xc3 };  /* mov (%rdi),%eax; ret */
static const uint8_t store_code[] = { 0x89, 0x37, 0xc3 }; /* mov %esi,(%rdi); ret */

typedef uint32_t site(volatile void *hole, uint32_t value);

/* Shared by the traced process and its tracer. */
struct order {
	size_t n;
	size_t n_sites;
	uint64_t digest;
};

struct trap {
	struct bar bar;
	uint8_t *code;
	size_t n_sites; /* sites that take turns */
	size_t next;
	bool stores;
	pid_t traced; /* 0: no process */
	struct order *order;
};

/* set by the bare handler */
static struct trap *handled;

static int make_code(struct trap *trap)
{
	const uint8_t *code = trap->stores ? store_code : load_code;

	trap->code = mmap(NULL, SITES * SITE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (trap->code == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < SITES; i++)
		memcpy(trap->code + i * SITE_SIZE, code, sizeof(load_code));
	return mprotect(trap->code, SITES * SITE_SIZE, PROT_READ | PROT_EXEC) ? -errno : 0;
}

/* The hole is the second page. */
static uint64_t access_hole(struct trap *trap, size_t n)
{
	volatile void *hole = trap->bar.base + trap->bar.page;
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		site *go = (site *)(uintptr_t)(trap->code + trap->next * SITE_SIZE);

		sum += go(hole, (uint32_t)i + 1);
		trap->next = (trap->next + 1) % trap->n_sites;
	}
	return sum;
}

/* Stores are digested by their effect, and loads by their values. */
static uint64_t digest_accesses(struct trap *trap, uint64_t sum)
{
	uint32_t value = 0, zero = 0;

	if (!trap->stores)
		return sum;
	if (pread(trap->bar.fd, &value, sizeof(value), (off_t)trap->bar.page) != sizeof(value) ||
	    pwrite(trap->bar.fd, &zero, sizeof(zero), (off_t)trap->bar.page) != sizeof(zero))
		bar_note(&trap->bar, -EIO);
	return value;
}

static uint64_t run_ours(void *context, size_t n)
{
	return digest_accesses(context, access_hole(context, n));
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	off_t offset = (uint8_t *)info->si_addr - handled->bar.base;
	uint32_t value = (uint32_t)registers[REG_RSI];

	if (offset != (off_t)handled->bar.page) {
		signal(number, SIG_DFL);
		return;
	}
	if (handled->stores &&
	    pwrite(handled->bar.fd, &value, sizeof(value), offset) != sizeof(value))
		bar_note(&handled->bar, -EIO);
	if (!handled->stores &&
	    pread(handled->bar.fd, &value, sizeof(value), offset) != sizeof(value))
		bar_note(&handled->bar, -EIO);
	if (!handled->stores)
		registers[REG_RAX] = value;
	registers[REG_RIP] += LENGTH;
}

/* Replaces the trap's handler for this way. */
static uint64_t run_floor(void *context, size_t n)
{
	struct sigaction bare = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, before;
	struct trap *trap = context;
	uint64_t sum;

	handled = trap;
	if (sigaction(SIGSEGV, &bare, &before)) {
		bar_note(&trap->bar, -errno);
		return 0;
	}
	sum = access_hole(trap, n);
	sigaction(SIGSEGV, &before, NULL);
	return digest_accesses(trap, sum);
}

/* The traced process: carries out one order after the other, and stops after
 * each. */
static _Noreturn void be_traced(struct trap *trap)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(1);
	for (;;) {
		raise(SIGSTOP);
		trap->n_sites = trap->order->n_sites;
		trap->next %= trap->n_sites;
		trap->order->digest = access_hole(trap, trap->order->n);
	}
}

/* Makes the access for the traced process. */
static int serve_access(struct trap *trap)
{
	struct user_regs_struct registers;
	uint32_t value;
	off_t offset;

	if (ptrace(PTRACE_GETREGS, trap->traced, NULL, &registers))
		return -errno;
	offset = (off_t)(registers.rdi - (uintptr_t)trap->bar.base);
	value = (uint32_t)registers.rsi;
	if (trap->stores && pwrite(trap->bar.fd, &value, sizeof(value), offset) != sizeof(value))
		return -EIO;
	if (!trap->stores && pread(trap->bar.fd, &value, sizeof(value), offset) != sizeof(value))
		return -EIO;
	if (!trap->stores)
		registers.rax = value;
	registers.rip += LENGTH;
	return ptrace(PTRACE_SETREGS, trap->traced, NULL, &registers) ? -errno : 0;
}

/* Waits until the traced process stops. Returns 0, or -ECHILD if it has
 * ended. */
static int wait_for_stop(struct trap *trap, int *number)
{
	int status;

	if (waitpid(trap->traced, &status, 0) != trap->traced)
		return -errno;
	if (!WIFSTOPPED(status)) {
		trap->traced = 0;
		return -ECHILD;
	}
	*number = WSTOPSIG(status);
	return 0;
}

static int let_run(struct trap *trap)
{
	int number, r;

	for (;;) {
		if (ptrace(PTRACE_CONT, trap->traced, NULL, NULL))
			return -errno;
		r = wait_for_stop(trap, &number);
		if (r || number == SIGSTOP)
			return r;
		r = number == SIGSEGV ? serve_access(trap) : -EPROTO;
		if (r)
			return r;
	}
}

static uint64_t run_traced(void *context, size_t n)
{
	struct trap *trap = context;

	trap->order->n = n;
	trap->order->n_sites = trap->n_sites;
	bar_note(&trap->bar, trap->bar.error ? 0 : let_run(trap));
	return digest_accesses(trap, trap->order->digest);
}

static void stop_tracing(struct trap *trap)
{
	if (trap->traced) {
		kill(trap->traced, SIGKILL);
		waitpid(trap->traced, NULL, 0);
	}
	trap->traced = 0;
}

/* If tracing is not permitted, this peer is left out. */
static int start_tracing(struct trap *trap)
{
	int number;

	trap->order = mmap(NULL, sizeof(*trap->order), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (trap->order == MAP_FAILED)
		return -errno;
	fflush(NULL);
	trap->traced = fork();
	if (trap->traced < 0) {
		trap->traced = 0;
		return -errno;
	}
	if (!trap->traced)
		be_traced(trap);
	if (!wait_for_stop(trap, &number) &&
	    ptrace(PTRACE_SETOPTIONS, trap->traced, NULL, (void *)(uintptr_t)PTRACE_O_EXITKILL))
		stop_tracing(trap);
	return 0;
}

static int time_sites(struct bench *bench, struct trap *trap, size_t n, const char *parameters)
{
	const struct bench_way ways[] = {
		{ "ours", run_ours, trap },
		{ "floor", run_floor, trap },
		{ "ptrace", trap->traced ? run_traced : NULL, trap },
	};

	trap->n_sites = n;
	trap->next = 0;
	return bench_time(bench, ways, 3, "%s", parameters);
}

static int time_accesses(struct bench *bench, bool stores)
{
	struct trap trap = { .stores = stores, .n_sites = 1 };
	int r = bar_open_span(&trap.bar, 1, true);

	if (r)
		return r;
	r = pwrite(trap.bar.fd, &(uint32_t){ 0x89abcdef }, 4, (off_t)trap.bar.page) == 4
		    ? make_code(&trap)
		    : -EIO;
	if (!r)
		r = start_tracing(&trap);
	if (r)
		bench_complain(r, "cannot prepare accesses to the hole");
	if (!r)
		r = time_sites(bench, &trap, SITES, stores ? "store, first" : "load, first");
	if (!r)
		r = time_sites(bench, &trap, 1, stores ? "store, again" : "load, again");
	if (!r)
		r = bar_check(&trap.bar, "an access to the hole failed");
	stop_tracing(&trap);
	if (trap.order && trap.order != MAP_FAILED)
		munmap(trap.order, sizeof(*trap.order));
	if (trap.code && trap.code != MAP_FAILED)
		munmap(trap.code, SITES * SITE_SIZE);
	bar_close(&trap.bar);
	return r;
}

static int run_trap(struct bench *bench)
{
	struct barspan_trap_options options = { .size = sizeof(options),
						.flags = BARSPAN_TRAP_EMULATE };
	int r = barspan_trap_enable(&options);

	if (r == -EOPNOTSUPP) {
		fprintf(stderr, "barspan-bench: trap: no emulation here\n");
		return 0;
	}
	if (r)
		return bench_complain(r, "cannot enable the trap");
	r = time_accesses(bench, false);
	if (!r)
		r = time_accesses(bench, true);
	barspan_trap_disable();
	return r;
}

#else

static int run_trap(struct bench *bench)
{
	(void)bench;
	fprintf(stderr, "barspan-bench: trap: not for this machine\n");
	return 0;
}

#endif

const struct bench_case case_trap = { "trap", "an emulated mov from a hole", run_trap };
