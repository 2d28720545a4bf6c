/* SPDX-License-Identifier: BSD-3-Clause */
#include <barspan/trap.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <barspan/guard.h>

#include "compat/private.h"
#include "util/extensible.h"
#include "trap/chain.h"
#include "trap/emulate.h"
#include "trap/end.h"
#include "trap/explain.h"
#include "trap/cpu.h"
#include "trap/memcheck.h"
#include "trap/memory.h"
#include "trap/own.h"
#include "trap/private.h"
#include "trap/report.h"
#include "trap/rescue.h"

enum {
	KNOWN_FLAGS = BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_REPORT | BARSPAN_TRAP_RESCUE,
	DECODING_FLAGS = BARSPAN_TRAP_EMULATE | BARSPAN_TRAP_RESCUE,
	ENABLED = 1 << 16,
	RETRIES = 1000,
};

static pthread_mutex_t mode_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int mode; /* atomic, as is `output`; ENABLED and flags */
static int output = STDERR_FILENO;

/* chain_lock is taken while mode_lock is held. */
__attribute__((constructor)) static void protect_locks(void)
{
	barspan_protect_(&mode_lock);
	chain_protect();
}

/* A fault at an address in a span. */
struct fault {
	int number;
	siginfo_t *info;
	ucontext_t *context;
	unsigned int mode;
	uintptr_t address; /* a byte that the instruction accesses */
	struct registry_range range;
	enum cpu_access access;
	bool cramped; /* the alternate stack has too little space left */
};

static int output_now(void)
{
	return __atomic_load_n(&output, __ATOMIC_RELAXED);
}

static uint64_t offset_of(const struct fault *fault)
{
	return fault->range.offset + (fault->address - fault->range.start);
}

/* Another thread may have made the hole direct meanwhile by barspan_resume().
 * The thread then only has to execute the instruction again. It does so up to
 * `most` times in a row, since the page may be inaccessible for another reason.
 * A change of any span starts a new row. */
static bool retry(const struct fault *fault, unsigned int most)
{
	static __thread struct {
		uint64_t changes;
		uintptr_t pc, address;
		unsigned int times;
	} last __attribute__((
		tls_model("initial-exec"))); /* the other models may allocate on first use */
	uintptr_t pc = cpu_pc(fault->context);
	uint64_t changes = barspan_generation_();
	bool same = last.changes == changes;

	/* Without a change of any span, a fault at another address has the same
	 * cause. */
	if (most > 1 && (last.pc != pc || last.address != fault->address))
		same = false;
	last.times = same ? last.times : 0;
	last.changes = changes;
	last.pc = pc;
	last.address = fault->address;
	return last.times++ < most;
}

static bool is_allowed(const struct fault *fault, const struct barspan_guard_ *guard)
{
	if (fault->access == CPU_UNKNOWN)
		return guard->read_end || guard->write_end;
	return fault->access == CPU_WRITE ? guard->write_end : guard->read_end;
}

/* Whether the kernel reports that the page does not allow the access. */
static bool is_of_page(const struct fault *fault)
{
	int code = fault->info->si_code;

	return fault->number == SIGSEGV ? code == SEGV_MAPERR || code == SEGV_ACCERR
					: code == BUS_ADRERR;
}

/* Whether the kernel of a confidential guest (SEV-SNP, TDX) refuses user space
 * access to a device. The error code in the frame is then not a page fault's,
 * and the address may be missing. */
static bool is_refused(const struct fault *fault)
{
	int code = fault->info->si_code;

	return fault->number == SIGSEGV ? code == SI_KERNEL && !fault->info->si_addr
					: code == BUS_OBJERR;
}

/* Out of line, so its frame is gone when the access is made. */
static __attribute__((noinline)) bool find_operand(struct fault *fault)
{
	struct emulation emulation = { .context = fault->context, .pc = cpu_pc(fault->context) };

	if (!insn_at(&emulation.insn, emulation.pc, &fault->context->uc_stack) ||
	    !emulate_find(&emulation))
		return false;
	fault->address = emulation.fault;
	return true;
}

/* Uses the registry, since the program may have mapped over a range of the
 * span. */
static bool is_in_span(struct fault *fault)
{
	fault->address = (uintptr_t)fault->info->si_addr;
	if (is_of_page(fault)) {
		fault->access = cpu_access(fault->context);
		if (fault->access == CPU_FETCH)
			return false;
	} else if (!(fault->mode & BARSPAN_TRAP_RESCUE) || !is_refused(fault) ||
		   (!fault->address && !find_operand(fault))) {
		return false;
	}
	return !barspan_registry_find_(&fault->range, fault->address);
}

/* Reports and counts an access that is not served, as far as the mode asks for.
 * Out of line, since the handler's stack may be small. */
static __attribute__((noinline)) void tell(const struct fault *fault, const struct insn *insn)
{
	struct explain what = {
		.pc = cpu_pc(fault->context),
		.address = fault->address,
		.range = fault->range,
		.insn = insn,
		.emulating = fault->mode & BARSPAN_TRAP_EMULATE,
		.reads = insn ? insn->reads : fault->access == CPU_READ,
		.writes = insn ? insn->writes : fault->access == CPU_WRITE,
	};
	uint64_t offset = offset_of(fault);
	size_t width = insn ? insn->width : 0;
	int fd = output_now();

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

/* Returns whether the fault is handled. `rescuing`: it is at a direct byte. */
static bool emulate_access(struct fault *fault, bool rescuing)
{
	struct emulation emulation = {
		.context = fault->context,
		.pc = cpu_pc(fault->context),
		.fault = fault->address,
		.info = fault->info,
	};
	bool known = insn_at(&emulation.insn, emulation.pc, &fault->context->uc_stack), before;
	enum emulate_result result = EMULATE_UNKNOWN;

	/* valgrind does not pass vector registers to a handler. */
	if (known && emulation.insn.uses_vector && memcheck_is_there())
		emulation.insn.kind = INSN_UNKNOWN;
	if (known && (rescuing || fault->mode & BARSPAN_TRAP_EMULATE)) {
		before = memory_begin(rescuing, &fault->range);
		result = emulate(&emulation);
		memory_end(before);
	}
	if (result == EMULATE_UNKNOWN && rescuing)
		rescue_tell_unknown(output_now(), fault->range.span, offset_of(fault), fault->info,
				    emulation.pc, known ? emulation.insn.length : 0);
	else if (result == EMULATE_UNKNOWN)
		tell(fault, known ? &emulation.insn : NULL);
	else if (result == EMULATE_DONE && rescuing)
		rescue_tell(output_now(), fault->range.span, offset_of(fault), fault->info,
			    memory_error());
	/* The span may have been resumed meanwhile. */
	if (result == EMULATE_NOT_OURS)
		return !rescuing && fault->number == SIGSEGV && retry(fault, RETRIES);
	if (result == EMULATE_FAULT)
		fault->number = fault->info->si_signo;
	if (result == EMULATE_DONE && memcheck_is_there())
		cpu_set_flags_by_code(fault->context);
	return result == EMULATE_DONE;
}

static bool serve(struct fault *fault)
{
	const struct barspan_guard_ *guard;
	bool direct;

	if (!(fault->mode & ENABLED) || !is_in_span(fault))
		return false;
	guard = barspan_table_(fault->range.span);
	if (!is_allowed(fault, guard))
		return false;
	direct = barspan_address_(guard, offset_of(fault), 1);
	if (direct && !(fault->mode & BARSPAN_TRAP_RESCUE))
		return fault->number == SIGSEGV && retry(fault, RETRIES);
	/* Retry once only: an inaccessible device usually stays so for long. */
	if (direct && retry(fault, 1))
		return true;
	if (fault->cramped) {
		end_with_low_stack(output_now(), fault->number, fault->context);
		return true;
	}
	return emulate_access(fault, direct);
}

/* Out of line and called last, to use little stack. */
static __attribute__((noinline)) void deal_with(int number, siginfo_t *info, ucontext_t *context,
						size_t stack_left)
{
	struct fault fault = {
		.number = number,
		.info = info,
		.context = context,
		.cramped = stack_left < END_STACK,
		.mode = __atomic_load_n(&mode, __ATOMIC_ACQUIRE),
	};
	uintptr_t before = own_note((uintptr_t)__builtin_frame_address(0));
	int saved = errno;
	uint64_t begin = fault.mode & BARSPAN_TRAP_REPORT ? report_begin() : 0;
	bool served = (info->si_code > 0 && cpu_recover(info, context)) || serve(&fault);

	report_end(begin);
	own_note(before);
	/* A fault of the handler in a span's memory is due to the device. */
	if (!served && own_is_fault(before, context) &&
	    barspan_registry_find_(&fault.range, (uintptr_t)info->si_addr)) {
		end_of_own(output_now(), number, info, context);
		served = true;
	}
	errno = saved;
	if (!served)
		chain_pass(fault.number, info, context);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	size_t stack_left = end_stack_left(context);

	if (stack_left < END_MIN_STACK && __atomic_load_n(&mode, __ATOMIC_RELAXED) & ENABLED)
		end_without_stack(output_now(), number);
	else
		deal_with(number, info, context, stack_left);
}

static int enable(const struct barspan_trap_options *options)
{
	int r = options->flags & BARSPAN_TRAP_REPORT ? report_prepare() : 0;

	cpu_prepare();
	own_prepare();
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

/* Copies the options and checks them. */
static int read_options(struct barspan_trap_options *out, const struct barspan_trap_options *given)
{
	char text[EXTENSIBLE_TEXT], message[128];
	unsigned int unknown;
	int r = given ? copy_extensible(out, sizeof(*out), given, sizeof(given->size)) : 0;

	if (r) {
		snprintf(message, sizeof(message), "trap: options: %s",
			 extensible_explain(text, sizeof(*out), given->size, sizeof(given->size)));
		barspan_log_error_(message);
		return r;
	}
	unknown = out->flags & ~(unsigned int)KNOWN_FLAGS;
	if (!unknown)
		return 0;
	snprintf(message, sizeof(message), "trap: options.flags 0x%x has unknown bits 0x%x",
		 out->flags, unknown);
	barspan_log_error_(message);
	return -EINVAL;
}

int barspan_trap_enable(const struct barspan_trap_options *given)
{
	struct barspan_trap_options options = { .size = sizeof(options) };
	int r = read_options(&options, given);

	if (r)
		return r;
	pthread_mutex_lock(&mode_lock);
	/* Without the decoder explanations still work, with less detail. */
	r = emulate_load();
	if (!r || !(options.flags & DECODING_FLAGS))
		r = enable(&options);
	pthread_mutex_unlock(&mode_lock);
	if (r == -EOPNOTSUPP)
		barspan_log_error_("trap: emulation and rescue need x86-64 with Zydis, or arm64: "
				   "EOPNOTSUPP");
	else if (r == -EBUSY)
		barspan_log_error_("trap: another handler was installed above the trap's and may "
				   "call it: EBUSY");
	return r;
}

void barspan_trap_disable(void)
{
	pthread_mutex_lock(&mode_lock);
	__atomic_store_n(&mode, 0, __ATOMIC_RELEASE);
	chain_restore();
	memcheck_set_trapped(false);
	pthread_mutex_unlock(&mode_lock);
}

int barspan_trap_share_(int fd)
{
	int r;

	pthread_mutex_lock(&mode_lock);
	r = report_share(fd);
	pthread_mutex_unlock(&mode_lock);
	return r;
}

int barspan_trap_report(int fd)
{
	return report_write(fd, true);
}

int barspan_trap_count(struct barspan_trap_counts *counts)
{
	struct barspan_trap_counts known = { .size = counts->size };
	size_t size = counts->size;

	if (size < sizeof(size))
		return -EINVAL;
	known.served = memory_count(&known.failed);
	known.rescued = memory_count_rescued(&known.rescue_failed);
	memset(counts, 0, size);
	memcpy(counts, &known, size < sizeof(known) ? size : sizeof(known));
	return 0;
}
