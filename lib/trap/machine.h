/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of a thread in a signal frame, and copying of memory that may
 * fault. Async-signal-safe. Each architecture has its own machine.c, too. */
#ifndef TRAP_MACHINE_H
#define TRAP_MACHINE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* The kind of access, as the processor reports it. */
enum machine_access { MACHINE_UNKNOWN, MACHINE_READ, MACHINE_WRITE, MACHINE_FETCH };

/* The address of the faulting instruction; 0 on unsupported architectures. */
uintptr_t machine_pc(const ucontext_t *context);
uintptr_t machine_sp(const ucontext_t *context);
enum machine_access machine_access(const ucontext_t *context);

/* Copies up to 8 bytes at a time, with one access if `length` is 1, 2, 4 or 8.
 * Returns the number of bytes not copied: machine_recover() ends the copy at a
 * fault. */
size_t machine_copy(void *to, const void *from, size_t length);

/* Call it first for every fault. Returns true if the fault was machine_copy()'s
 * and is handled. */
bool machine_recover(const siginfo_t *info, ucontext_t *context);

/* Finds out how the kernel lays out the signal frame. Call it before the first
 * fault. Not for signal handlers. */
void machine_prepare(void);

/* Makes the thread set its flags by code before it continues. valgrind ignores
 * a handler's changes of the flags. Does nothing but on x86-64. */
void machine_set_flags_by_code(ucontext_t *context);

/* A fault as the kernel reports it; number 0: none. */
struct machine_fault {
	int number, code;
	void *address;
	long long registers[3]; /* of the frame, by architecture */
};

/*
 * The fault that ended the thread's last machine_copy(). A handler that may
 * have interrupted another one takes it on entry and puts it back on exit.
 */
bool machine_has_fault(void);
struct machine_fault machine_take_fault(void);
void machine_put_fault(const struct machine_fault *fault);
void machine_forget_fault(void);

/* Makes the handler of a signal see this fault, if there is one. */
void machine_pretend_fault(siginfo_t *info, ucontext_t *context);

/* The rest is for machine.c, from each architecture's own. */

/* Copies `width` (1, 2, 4, 8) bytes by one load and one store: 0, or -1 if
 * machine_recover() moved the thread from one of them to
 * machine_copy_failed(). */
long machine_copy_one(void *to, const void *from, size_t width);
long machine_copy_failed(void *to, const void *from, size_t width);

void machine_set_pc(ucontext_t *context, uintptr_t pc);

/* The registers of the frame that describe a fault. */
void machine_get_fault_registers(const ucontext_t *context, long long *registers);
void machine_set_fault_registers(ucontext_t *context, const long long *registers);

#endif
