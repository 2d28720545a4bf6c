/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TRAP_EMULATE_H
#define TRAP_EMULATE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "trap/x86/form.h"
#include "trap/x86/machine.h"

enum emulate_result {
	EMULATE_DONE,
	EMULATE_UNKNOWN,  /* the instruction cannot be emulated; nothing was done */
	EMULATE_NOT_OURS, /* it did not fault where we thought; nothing was done */
	EMULATE_FAULT,	  /* memory that is not ours faults */
};

/* An instruction that is being emulated. */
struct emulation {
	struct trap_form form;
	ucontext_t *context;
	uintptr_t pc;
	/* the address that faulted; with EMULATE_FAULT the one that does now */
	uintptr_t fault;
	uintptr_t next; /* the instruction after it */
	/* with EMULATE_FAULT: becomes that of the memory, as does the
	 * context */
	siginfo_t *info;
};

/* Makes the emulation ready. -EOPNOTSUPP: it is not built in. Not for signal
 * handlers. */
int emulate_load(void);

/* Does what the instruction at `pc`, which faulted at `fault`, would have done.
 * Safe anywhere. */
enum emulate_result emulate(struct emulation *emulation);

/* Finds out which address of the instruction's memory operands is in a span,
 * for a fault that does not say where it is, and puts it into `fault`.
 * False: none is. Safe anywhere. */
bool emulate_find(struct emulation *emulation);

/* The string instructions of both. */
enum emulate_result emulate_string(struct emulation *emulation);
bool emulate_find_string(struct emulation *emulation);

/* Parts of emulate(), by kinds of forms, with the operand's address. False:
 * memory faults, see EMULATE_FAULT. */
bool emulate_vector_load(struct emulation *emulation, uintptr_t address);
bool emulate_vector_store(struct emulation *emulation, uintptr_t address);
bool emulate_stack(struct emulation *emulation, uintptr_t address);
bool emulate_run(struct emulation *emulation, uintptr_t address);

/* Whether the registers of the instruction are in the frame, and of values that
 * emulation knows. */
bool emulate_has_vectors(const struct emulation *emulation);
bool emulate_can_run(const struct emulation *emulation);
bool emulate_has_stack(void);

/* Reads the operand; elements that are masked out stay as they are. */
bool emulate_read(struct emulation *emulation, uintptr_t address, uint8_t *out);

/* Whether an element that is not masked out is the one that faulted, and one is
 * in a hole. */
bool emulate_masked_hole(const struct emulation *emulation, uintptr_t address);

#endif
