/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The signals that are blocked in place of the trap's: see
 * barspan_trap_shadow_(). All functions are async-signal-safe.
 */
#ifndef TRAP_SHADOW_H
#define TRAP_SHADOW_H

/* The signal that the kernel blocks when the program blocks `number`, which is
 * SIGSEGV or SIGBUS; 0 if there is none. */
int shadow_of(int number);
void shadow_set(int number, int shadow);

/* Converts a program's mask of SYS_MASK_WORDS words to the kernel's. */
void shadow_shade(unsigned long *mask);

void shadow_add(unsigned long *mask, int number);

#endif
