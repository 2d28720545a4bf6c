/* SPDX-License-Identifier: BSD-3-Clause */
/* The two ways that instructions are run: on a span without holes, and on one
 * with holes at the same addresses, see insn-cases.h. */
#ifndef WAYS_H
#define WAYS_H

#include "insn-cases.h"
#include "harness.h"

extern uint8_t *memory;	   /* the device's, behind the library's back */
extern uint8_t *around[2]; /* memory below and above the span */
extern int output;	   /* where explanations go */

/* The device, the memory, a place for code and the trap. */
void ways_set_up(void);
void ways_tear_down(void);

/* The span: with 0 or 2 holes; memory as always before. */
void ways_map(size_t n_holes);
void ways_unmap(void);

/* Of all memory. */
uint64_t ways_hash(void);

#endif
