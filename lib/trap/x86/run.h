/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs an instruction out of line: the processor computes on copies of the
 * operand in memory and of the registers. */
#ifndef TRAP_RUN_H
#define TRAP_RUN_H

#include <stdbool.h>
#include <stdint.h>

enum { RUN_VECTORS = 3, RUN_GPRS = 5, RUN_LONGEST = 15, RUN_MEMORY = 64 };
enum run_encoding { RUN_LEGACY, RUN_VEX, RUN_EVEX };

/* An instruction whose operand in memory is at the address in `base`, a
 * register that it does not use otherwise. */
struct run_code {
	uint8_t code[RUN_LONGEST];
	uint8_t length;
	uint8_t base;
	uint8_t encoding; /* enum run_encoding */
	bool sets_mask;	  /* sets mask register `mask` */
	uint8_t mask;
	uint8_t by_mask; /* the register that masks elements; 0: none */
	bool floating;	 /* may use floating-point arithmetic */
	uint8_t n_vectors;
	uint8_t vectors[RUN_VECTORS]; /* numbers of vector registers */
	uint8_t vectors_written;      /* a bit for each of `vectors` */
	/* a bit for each of at most RUN_GPRS general registers; not rsp */
	uint16_t gprs, gprs_written;
};

/* The operand and the registers before and after. */
struct run_state {
	uint8_t memory[RUN_MEMORY];
	uint64_t gprs[RUN_GPRS]; /* those in run_code.gprs, in ascending order */
	uint64_t flags;
	uint64_t mask; /* before: the code's by_mask; after: its mask */
	uint32_t mxcsr;
} __attribute__((aligned(16)));

struct run_block {
	struct run_state state;
	uint8_t vectors[RUN_VECTORS][64];
};

/* Reserves addresses for code. Not for signal handlers. If this fails, or if
 * the system does not allow new code, run_add() fails. */
void run_prepare(void);

/* The number of the code for an instruction, from 1 on; equal instructions
 * share it. 0 if all slots are in use or the system does not allow new code.
 * Safe anywhere. */
unsigned int run_add(const struct run_code *code);

const struct run_code *run_get(unsigned int number);

/* Runs the code. `state` must be that of a run_block if the code uses vector
 * registers. The code must not fault: see emulate_run(). Safe anywhere. */
void run_call(unsigned int number, struct run_state *state);

#endif
