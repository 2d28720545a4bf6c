/* SPDX-License-Identifier: BSD-3-Clause */
#include <barspan/trap.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <barspan/guard.h>

#include "registry.h"
#include "sized.h"
#include "trap-chain.h"
#include "trap-emulate.h"
#include "trap-explain.h"
#include "trap-machine.h"
#include "trap-memcheck.h"
#include "trap-memory.h"
#include "trap-report.h"

enum { KNOWN_FLAGS = BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT, ENABLED = 1 << 16, RETRIES = 1000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int mode;	/* atomic, as is what follows; ENABLED and flags */
static int output = STDERR_FILENO;

/* A fault that happened where there is a span. */
struct fault {
	int number;
	siginfo_t *info;
	ucontext_t *context;
	unsigned int mode;
	struct registry_range range;
	enum machine_access access;
};

/* Another thread may have made a hole direct since, by barspan_resume(): then the instruction has only to be tried
 * again. Not for ever, since pages may be unreadable for reasons of somebody else's. */
static bool retry(const struct fault *fault, const struct barspan_guard_ *guard)
{
	static __thread struct {
		uintptr_t pc, address;
		unsigned int times;
	} last __attribute__((tls_model("initial-exec")));	/* the other models may allocate on first use */
	uintptr_t pc = machine_pc(fault->context), address = (uintptr_t)fault->info->si_addr;

	if (fault->number != SIGSEGV || !(fault->access == MACHINE_WRITE ? guard->write_end : guard->read_end))
		return false;
	if (last.pc != pc || last.address != address)
		last.times = 0;
	last.pc = pc;
	last.address = address;
	return last.times++ < RETRIES;
}

/* A range of a span may be mapped over by the program, and is a hole no more; the registry knows. */
static bool is_in_span(struct fault *fault)
{
	const siginfo_t *info = fault->info;
	bool by_page = fault->number == SIGSEGV ? info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR
						: info->si_code == BUS_ADRERR;

	fault->access = machine_access(fault->context);
	return by_page && fault->access != MACHINE_FETCH && !registry_find(&fault->range, (uintptr_t)info->si_addr);
}

/* An access that is not served: says so, and counts it, as far as is asked for. */
static void tell(const struct fault *fault, const struct trap_form *form)
{
	struct explain what = {
		.pc = machine_pc(fault->context), .address = (uintptr_t)fault->info->si_addr, .range = fault->range,
		.form = form, .emulating = fault->mode & BARSPAN_TRAP_EMULATE,
		.reads = form ? form->reads : fault->access == MACHINE_READ,
		.writes = form ? form->writes : fault->access == MACHINE_WRITE,
	};
	uint64_t offset = fault->range.offset + (what.address - fault->range.start);
	size_t width = form ? form->width : 0;
	int fd = __atomic_load_n(&output, __ATOMIC_RELAXED);

	if (fault->mode & BARSPAN_TRAP_REPORT) {
		if (what.reads || !what.writes)
			report_count(what.pc, fault->range.span, offset, REPORT_READ, width);
		if (what.writes)
			report_count(what.pc, fault->range.span, offset, REPORT_WRITE, width);
	}
	explain(fd, &what);
	if (fault->mode & BARSPAN_TRAP_REPORT && chain_is_fatal(fault->number, fault->info))
		report_write_dying(fd);
}

/* Whether the fault is dealt with. */
static bool serve_hole(struct fault *fault, const struct barspan_guard_ *guard)
{
	struct emulation emulation = {
		.context = fault->context, .pc = machine_pc(fault->context), .fault = (uintptr_t)fault->info->si_addr,
	};
	bool known = form_at(&emulation.form, emulation.pc);
	enum emulate_result result = EMULATE_UNKNOWN;

	/* valgrind drops what a handler does to vector registers. */
	if (known && emulation.form.kind == FORM_VECTOR_LOAD && memcheck_is_there())
		emulation.form.kind = FORM_UNKNOWN;
	if (known && fault->mode & BARSPAN_TRAP_EMULATE)
		result = emulate(&emulation);
	if (result == EMULATE_UNKNOWN)
		tell(fault, known ? &emulation.form : NULL);
	/* That, too, may be because the span was resumed meanwhile. */
	if (result == EMULATE_NOT_OURS)
		return retry(fault, guard);
	if (result == EMULATE_FAULT)
		fault->info->si_addr = (void *)emulation.fault;
	if (result == EMULATE_DONE && memcheck_is_there())
		machine_set_flags_by_code(fault->context);
	return result == EMULATE_DONE;
}

static bool serve(struct fault *fault)
{
	const struct barspan_guard_ *guard;
	uint64_t offset;

	if (!(fault->mode & ENABLED) || !is_in_span(fault))
		return false;
	offset = fault->range.offset + ((uintptr_t)fault->info->si_addr - fault->range.start);
	guard = barspan_guard_of_(fault->range.span);
	if (!(fault->access == MACHINE_WRITE ? guard->write_end : guard->read_end))
		return false;
	if (barspan_address_(guard, offset, 1))
		return retry(fault, guard);
	return serve_hole(fault, guard);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	struct fault fault = {
		.number = number, .info = info, .context = context, .mode = __atomic_load_n(&mode, __ATOMIC_ACQUIRE),
	};
	int saved = errno;
	uint64_t begin = fault.mode & BARSPAN_TRAP_REPORT ? report_begin() : 0;
	bool served = (info->si_code > 0 && machine_recover(context)) || serve(&fault);

	report_end(begin);
	errno = saved;
	if (!served)
		chain_pass(number, info, context);
}

static int enable(const struct barspan_trap_options *options)
{
	int r = options->flags & BARSPAN_TRAP_REPORT ? report_prepare() : 0;

	machine_prepare();
	if (!r)
		r = chain_install(on_fault);
	if (r)
		return r;
	__atomic_store_n(&output, options->fd ? options->fd : STDERR_FILENO, __ATOMIC_RELAXED);
	memory_set_report(options->flags & BARSPAN_TRAP_REPORT);
	__atomic_store_n(&mode, options->flags | ENABLED, __ATOMIC_RELEASE);
	memcheck_set_trapped(options->flags & BARSPAN_TRAP_EMULATE);
	return 0;
}

int barspan_trap_enable(const struct barspan_trap_options *given)
{
	struct barspan_trap_options options = { .size = sizeof(options) };
	int r = given ? sized_copy(&options, sizeof(options), given, sizeof(given->size)) : 0;

	if (r)
		return r;
	if (options.flags & ~(unsigned int)KNOWN_FLAGS)
		return -EINVAL;
	pthread_mutex_lock(&lock);
	/* Explanations are better with it, too, but go without. */
	r = emulate_load();
	if (!r || !(options.flags & BARSPAN_TRAP_EMULATE))
		r = enable(&options);
	pthread_mutex_unlock(&lock);
	return r;
}

void barspan_trap_disable(void)
{
	pthread_mutex_lock(&lock);
	__atomic_store_n(&mode, 0, __ATOMIC_RELEASE);
	chain_restore();
	memcheck_set_trapped(false);
	pthread_mutex_unlock(&lock);
}

int barspan_trap_share_(int fd)
{
	int r;

	pthread_mutex_lock(&lock);
	r = report_share(fd);
	pthread_mutex_unlock(&lock);
	return r;
}

int barspan_trap_report(int fd)
{
	return report_write(fd, true);
}

uint64_t barspan_trap_count(uint64_t *failed)
{
	return memory_count(failed);
}
