/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of a thread in a signal frame, and copying of memory that may
 * fault. Async-signal-safe. Each architecture has its own cpu.c, too. */
#ifndef TRAP_CPU_H
#define TRAP_CPU_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* The kind of access, as the processor reports it. */
enum cpu_access { CPU_UNKNOWN, CPU_READ, CPU_WRITE, CPU_FETCH };

/* The address of the faulting instruction; 0 on unsupported architectures. */
uintptr_t cpu_pc(const ucontext_t *context);
uintptr_t cpu_sp(const ucontext_t *context);
enum cpu_access cpu_access(const ucontext_t *context);

/* Copies up to 8 bytes at a time, with one access if `length` is 1, 2, 4 or 8.
 * Returns the number of bytes not copied: cpu_recover() ends the copy at a
 * fault. */
size_t cpu_copy(void *to, const void *from, size_t length);

/* Call it first for every fault. Returns true if the fault was cpu_copy()'s
 * and is handled. */
bool cpu_recover(const siginfo_t *info, ucontext_t *context);

/* Finds out how the kernel lays out the signal frame. Call it before the first
 * fault. Not for signal handlers. */
void cpu_prepare(void);

/* Makes the thread set its flags by code before it continues. valgrind ignores
 * a handler's changes of the flags. Does nothing but on x86-64. */
void cpu_set_flags_by_code(ucontext_t *context);

/* A fault as the kernel reports it; number 0: none. */
struct cpu_fault {
	int number, code;
	void *address;
	long long registers[3]; /* of the frame, by architecture */
};

/*
 * The fault that ended the thread's last cpu_copy(). A handler that may
 * have interrupted another one takes it on entry and puts it back on exit.
 */
bool cpu_has_fault(void);
struct cpu_fault cpu_take_fault(void);
void cpu_put_fault(const struct cpu_fault *fault);
void cpu_forget_fault(void);

/* Makes the handler of a signal see this fault, if there is one. */
void cpu_pretend_fault(siginfo_t *info, ucontext_t *context);

/* The rest is for cpu.c, from each architecture's own. */

/* Copies `width` (1, 2, 4, 8) bytes by one load and one store: 0, or -1 if
 * cpu_recover() moved the thread from one of them to
 * cpu_copy_failed(). */
long cpu_copy_one(void *to, const void *from, size_t width);
long cpu_copy_failed(void *to, const void *from, size_t width);

void cpu_set_pc(ucontext_t *context, uintptr_t pc);

/* The registers of the frame that describe a fault. */
void cpu_get_fault_registers(const ucontext_t *context, long long *registers);
void cpu_set_fault_registers(ucontext_t *context, const long long *registers);

#endif
