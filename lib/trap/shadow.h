/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals that are blocked in the place of the trap's: see
 * barspan_trap_shadow_(). All is async-signal-safe.
 */
#ifndef TRAP_SHADOW_H
#define TRAP_SHADOW_H

/* The signal that the kernel has blocked where the program has blocked
 * `number`, which is SIGSEGV or SIGBUS; 0: none. */
int shadow_of(int number);
void shadow_set(int number, int shadow);

/* Turns a program's mask, SYS_MASK_WORDS words, into the kernel's. */
void shadow_shade(unsigned long *mask);

void shadow_add(unsigned long *mask, int number);

#endif
