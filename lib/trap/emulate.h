/* SPDX-License-Identifier: BSD-3-Clause */
/* Emulates an instruction that faulted. Each architecture has its own folder. */
#ifndef TRAP_EMULATE_H
#define TRAP_EMULATE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "trap/insn.h"

enum emulate_result {
	EMULATE_DONE,
	EMULATE_UNKNOWN,  /* the instruction cannot be emulated; nothing was done */
	EMULATE_NOT_OURS, /* the operand is not where the fault was; nothing was done */
	EMULATE_FAULT,	  /* memory outside of spans faults */
};

/* An instruction to emulate. */
struct emulation {
	struct insn insn;
	ucontext_t *context;
	uintptr_t pc;
	/* the address that faulted; with EMULATE_FAULT the new one */
	uintptr_t fault;
	uintptr_t next; /* the instruction after it */
	/* with EMULATE_FAULT: replaced by the fault of the memory, as is the
	 * fault in the context */
	siginfo_t *info;
};

/* Prepares the emulation. -EOPNOTSUPP: it is not built in. Not for signal
 * handlers. */
int emulate_load(void);

/* Emulates the instruction at `pc`, which faulted at `fault`. Safe anywhere. */
enum emulate_result emulate(struct emulation *emulation);

/* Finds the memory operand of the instruction that lies in a span, for a fault
 * without an address, and stores its address in `fault`. Returns false if none
 * does. Safe anywhere. */
bool emulate_find(struct emulation *emulation);

/* Decodes the instruction at `pc`, which has just been executed. Returns false
 * if it cannot be read or decoded. `alternate` is the thread's alternate stack
 * according to the signal's context. Safe anywhere. */
bool insn_at(struct insn *out, uintptr_t pc, const stack_t *alternate);

#endif
