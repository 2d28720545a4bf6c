/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads whose alternate stack is painted, to see how much of it the trap
 * uses. */
#ifndef STACK_FIXTURE_H
#define STACK_FIXTURE_H

#include "trap-fixture.h"
#include "trap/end.h"

/* BOUND: bytes below the kernel's frame, as barspan_trap_enable(3)
 * documents. */
enum { BOUND = END_STACK, STACK = 1 << 16, PAINT = 0xa5, PATTERN = 0x04030201 };

/* In memory that children share. */
struct shared {
	uintptr_t frame; /* the lowest address of the kernel's frame on the alternate stack */
	uint8_t stack[STACK] __attribute__((aligned(64)));
};
extern struct shared *shared;

void set_up_stack(unsigned int flags);
void tear_down_stack(void);

/* Runs act() in a new thread, whose alternate stack no other test uses. */
void run_in_thread(void (*act)(void));

/* Accesses to the hole. */
void load_hole(void);
void load_vector(void);

#endif
