/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs instructions on a span without holes, and on a span with holes at the
 * same addresses. See insn-cases.h. */
#ifndef WAYS_H
#define WAYS_H

#include "insn-cases.h"
#include "harness.h"

extern uint8_t *memory;	   /* the device's memory, bypassing the library */
extern uint8_t *around[2]; /* memory below and above the span */
extern int output;	   /* file that receives explanations */

/* Sets up the device, the memory, a page for code and the trap. */
void ways_set_up(void);
void ways_tear_down(void);

/* Maps the span with 0 or 2 holes. All memory has the same initial contents
 * each time. */
void ways_map(size_t n_holes);
void ways_unmap(void);

/* A hash of all memory. */
uint64_t ways_hash(void);

#endif
