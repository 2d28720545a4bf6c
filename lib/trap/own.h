/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults in the code that the trap's handler runs: its stack is too small, or
 * it has a bug. They end the process, since the next handler would fault in the
 * same way. */
#ifndef TRAP_OWN_H
#define TRAP_OWN_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Finds the code that the handler runs: that of both libraries, the decoder and
 * the C library. Thread-safe; not for signal handlers. */
void own_prepare(void);

/* The other models of thread-local storage may allocate on first use. */
extern __thread uintptr_t own_noted __attribute__((tls_model("initial-exec")));

/* Records the stack address at which the handler's own code begins to run on
 * this thread (0: it does not run, as in a callback), and returns the previous
 * one. Async-signal-safe. */
static inline uintptr_t own_note(uintptr_t stack)
{
	uintptr_t before = own_noted;

	own_noted = stack;
	return before;
}

/* Whether the fault is in the code of the handler that made this note.
 * Async-signal-safe. */
bool own_is_fault(uintptr_t note, const ucontext_t *context);

#endif
