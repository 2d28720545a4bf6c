/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults in the code that the handler itself runs: its stack is too small,
 * or it is wrong. They are final, for the handler that is called next would
 * run into the same one. */
#ifndef TRAP_OWN_H
#define TRAP_OWN_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Finds the code that the handler runs: both libraries', the decoder's and the
 * C library's. Thread-safe; not for signal handlers. */
void own_prepare(void);

/* The other models of thread-local storage may allocate on first use. */
extern __thread uintptr_t own_noted __attribute__((tls_model("initial-exec")));

/* Notes where on this thread's stack the handler's own code begins to run
 * (0: it does not, as in a callback), and returns the note before.
 * Async-signal-safe. */
static inline uintptr_t own_note(uintptr_t stack)
{
	uintptr_t before = own_noted;

	own_noted = stack;
	return before;
}

/* Whether a fault is in code that the handler of this note runs.
 * Async-signal-safe. */
bool own_is_fault(uintptr_t note, const ucontext_t *context);

#endif
