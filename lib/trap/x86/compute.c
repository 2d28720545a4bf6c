/* SPDX-License-Identifier: BSD-3-Clause */
/* Instructions that run out of line on copies of their operands. */
#include "trap/x86/emulate.h"

#include <signal.h>
#include <string.h>

#include "trap/chain.h"
#include "trap/x86/cpu.h"
#include "trap/memory.h"
#include "trap/x86/run.h"
#include "trap/scratch.h"
#include "trap/sys-signal.h"

static const uint8_t lengths[] = { [RUN_LEGACY] = 16, [RUN_VEX] = 32, [RUN_EVEX] = 64 };

enum { STATUS = 0x8d5, ALWAYS = 1 << 1, MASKED_EXCEPTIONS = 0x1f80 };

/* An arithmetic exception must be raised in the program. It can be predicted
 * only for division; floating-point exceptions must be masked. */
bool emulate_can_run(const struct emulation *e)
{
	const struct run_code *code = run_get(e->insn.code);
	uint64_t mask;
	const uint32_t *mxcsr = cpu_mxcsr(e->context);

	if ((code->sets_mask || code->by_mask) && !cpu_get_mask(e->context, code->mask, &mask))
		return false;
	for (unsigned int i = 0; i < code->n_vectors; i++)
		if (!cpu_has_vector(e->context, code->vectors[i], lengths[code->encoding]))
			return false;
	return !code->floating || (mxcsr && (*mxcsr & MASKED_EXCEPTIONS) == MASKED_EXCEPTIONS);
}

static void get_registers(const struct emulation *e, const struct run_code *code,
			  struct run_state *state)
{
	uint64_t *gpr = state->gprs;

	for (unsigned int reg = 0; reg < CPU_GPRS; reg++)
		if (code->gprs >> reg & 1)
			*gpr++ = cpu_get(e->context, reg);
	state->flags = (cpu_get(e->context, CPU_FLAGS) & STATUS) | ALWAYS;
	if (code->by_mask)
		cpu_get_mask(e->context, code->by_mask, &state->mask);
	if (code->floating)
		state->mxcsr = *cpu_mxcsr(e->context);
}

static void set_registers(const struct emulation *e, const struct run_code *code,
			  const struct run_state *state)
{
	uint64_t flags = cpu_get(e->context, CPU_FLAGS);
	const uint64_t *gpr = state->gprs;

	for (unsigned int reg = 0; reg < CPU_GPRS; reg++) {
		if (code->gprs_written >> reg & 1)
			cpu_set(e->context, reg, *gpr);
		gpr += code->gprs >> reg & 1;
	}
	cpu_set(e->context, CPU_FLAGS, (flags & ~(uint64_t)STATUS) | (state->flags & STATUS));
	if (code->sets_mask)
		cpu_set_mask(e->context, code->mask, state->mask);
	if (code->floating)
		*cpu_mxcsr(e->context) = state->mxcsr;
}

/* The magnitudes of dividend and divisor, and the exclusive upper limit of the
 * quotient. */
struct division {
	unsigned __int128 dividend, divisor, limit;
};

static struct division get_division(const struct insn *insn, const struct run_state *state)
{
	unsigned int bits = 8U * insn->width;
	/* rax comes first. Only byte division does not use rdx. */
	uint64_t rax = state->gprs[0], rdx = state->gprs[1], divisor = 0,
		 mask = UINT64_MAX >> (64 - bits);
	unsigned __int128 sign = (unsigned __int128)1 << (2 * bits - 1);
	struct division d;

	memcpy(&divisor, state->memory, insn->width);
	if (bits == 8)
		d.dividend = rax & 0xffff;
	else
		d.dividend = (unsigned __int128)(rdx & mask) << bits | (rax & mask);
	d.limit = (unsigned __int128)1 << bits;
	d.divisor = divisor;
	if (insn->op == INSN_DIVIDE_SIGNED) {
		bool negative = (d.dividend & sign) != 0, by_negative = divisor >> (bits - 1);

		d.limit = (d.limit >> 1) + (negative != by_negative);
		if (negative)
			d.dividend = (sign - d.dividend) + sign;
		if (by_negative)
			d.divisor = ((mask >> 1) + 1 - divisor) + (mask >> 1) + 1;
		d.divisor &= mask;
	}
	return d;
}

static bool __attribute__((noinline))
fails_to_divide(const struct insn *insn, const struct run_state *state)
{
	struct division d = get_division(insn, state);

	/* The largest limit times the largest divisor is less than 2^128. */
	return !d.divisor || d.dividend >= d.limit * d.divisor;
}

/* Raises the processor's exception in the program: it gets SIGFPE when it is
 * back at the instruction. If it blocks or ignores SIGFPE, the process ends.
 * Returns false if the system does not allow it. */
static bool __attribute__((noinline)) raise_division_error(struct emulation *e)
{
	siginfo_t info = { .si_signo = SIGFPE, .si_code = FPE_INTDIV, .si_addr = (void *)e->pc };
	const unsigned long self = 1UL << (SIGFPE - 1);

	sys_mask(SIG_BLOCK, &self, NULL);
	if (sigismember(&e->context->uc_sigmask, SIGFPE) || sys_is_ignored(SIGFPE)) {
		chain_end(SIGFPE);
		sigdelset(&e->context->uc_sigmask, SIGFPE);
	}
	e->next = e->pc;
	return !sys_send_to_thread(SIGFPE, &info);
}

static void get_vectors(const struct emulation *e, const struct run_code *code,
			struct run_block *block)
{
	for (unsigned int i = 0; i < code->n_vectors; i++) {
		memset(block->vectors[i], 0, sizeof(block->vectors[i]));
		cpu_get_vector(e->context, code->vectors[i], block->vectors[i],
			       lengths[code->encoding]);
	}
}

static void set_vectors(const struct emulation *e, const struct run_code *code,
			const struct run_block *block)
{
	for (unsigned int i = 0; i < code->n_vectors; i++) {
		if (!(code->vectors_written >> i & 1))
			continue;
		if (code->encoding == RUN_LEGACY)
			cpu_set_low_vector(e->context, code->vectors[i], block->vectors[i]);
		else
			cpu_set_vector(e->context, code->vectors[i], block->vectors[i]);
	}
}

/* An instruction that writes memory sets no vector register, see rewrite(). */
static bool compute_in(struct run_block *block, struct emulation *e, uintptr_t address)
{
	const struct run_code *code = run_get(e->insn.code);
	struct run_state *state = &block->state;

	if (e->insn.reads && !emulate_read(e, address, state->memory))
		return false;
	get_registers(e, code, state);
	if (e->insn.op != INSN_COMPUTE && fails_to_divide(&e->insn, state))
		return raise_division_error(e);
	get_vectors(e, code, block);
	run_call(e->insn.code, state);
	set_vectors(e, code, block);
	if (e->insn.writes &&
	    !memory_write(e->pc, address, state->memory, e->insn.width, &e->fault))
		return false;
	set_registers(e, code, state);
	return true;
}

static bool __attribute__((noinline)) compute_on_stack(struct emulation *e, uintptr_t address)
{
	struct run_block block;

	return compute_in(&block, e, address);
}

bool emulate_run(struct emulation *e, uintptr_t address)
{
	struct run_block *block = scratch_take();
	bool done;

	_Static_assert(sizeof(*block) <= SCRATCH_SIZE, "the registers fit");
	if (!block)
		return compute_on_stack(e, address);
	done = compute_in(block, e, address);
	scratch_give(block);
	return done;
}
