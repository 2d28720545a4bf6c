/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs one instruction from a given register state, and returns the state after
 * it. x86-64 only. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stddef.h>
#include <stdint.h>

enum { MACHINE_STACK = 4, MACHINE_STATUS = 0x8d5, MACHINE_DF = 0x400, MACHINE_MXCSR = 0x1f80 };

struct machine {
	uint64_t gprs[16]; /* by number; rsp is not changed */
	uint64_t flags;
	uint8_t vectors[32][64]; /* the processor uses the number and length that it has */
	uint64_t masks[8];
	uint32_t mxcsr; /* exceptions are always masked */
	uint32_t unused;
};

/* The exit. Code jumps here at its end, and a signal handler may. */
extern char machine_leave[];

/* Maps a page for code at an address. */
void machine_make_code(void *address);

/* Runs code that ends after its last byte, and replaces the state by the state
 * after it. */
void machine_run(struct machine *machine, const uint8_t *code, size_t length);

#endif
