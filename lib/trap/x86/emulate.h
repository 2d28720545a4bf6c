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
	EMULATE_NOT_OURS, /* the operand is not where the fault was; nothing was done */
	EMULATE_FAULT,	  /* memory outside of spans faults */
};

/* An instruction to emulate. */
struct emulation {
	struct trap_form form;
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

/* emulate() and emulate_find() for string instructions. */
enum emulate_result emulate_string(struct emulation *emulation);
bool emulate_find_string(struct emulation *emulation);

/* Parts of emulate() for kinds of forms, with the operand's address. Return
 * false if memory faults, see EMULATE_FAULT. */
bool emulate_vector_load(struct emulation *emulation, uintptr_t address);
bool emulate_vector_store(struct emulation *emulation, uintptr_t address);
bool emulate_stack(struct emulation *emulation, uintptr_t address);
bool emulate_run(struct emulation *emulation, uintptr_t address);

/* Whether the frame has the registers of the instruction, with values that
 * emulation supports. */
bool emulate_has_vectors(const struct emulation *emulation);
bool emulate_can_run(const struct emulation *emulation);
bool emulate_has_stack(void);

/* Reads the operand. Elements that are masked out are left unchanged in
 * `out`. */
bool emulate_read(struct emulation *emulation, uintptr_t address, uint8_t *out);

/* Whether the fault is at an element that is not masked out, and such an
 * element lies in a hole. */
bool emulate_masked_hole(const struct emulation *emulation, uintptr_t address);

#endif
