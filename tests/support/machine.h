/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs one instruction from a given state of the registers, and tells the state
 * that it leaves. x86-64 only. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stddef.h>
#include <stdint.h>

enum { MACHINE_STACK = 4, MACHINE_STATUS = 0x8d5, MACHINE_DF = 0x400, MACHINE_MXCSR = 0x1f80 };

struct machine {
	uint64_t gprs[16]; /* by number; rsp stays what it is */
	uint64_t flags;
	uint8_t vectors[32][64]; /* as many and as long as the processor has */
	uint64_t masks[8];
	uint32_t mxcsr; /* exceptions are masked, whatever it says */
	uint32_t unused;
};

/* Where code is left: its own end jumps here, and a signal handler may. */
extern char machine_leave[];

/* Makes a page for code at an address. */
void machine_make_code(void *address);

/* Runs code, which ends behind its last byte, with the state, and puts the
 * state that it leaves in its place. */
void machine_run(struct machine *machine, const uint8_t *code, size_t length);

#endif
