/* SPDX-License-Identifier: BSD-3-Clause */
/* Buffers for signal handlers, which may run on a small alternate stack. */
#ifndef TRAP_SCRATCH_H
#define TRAP_SCRATCH_H

#include <stddef.h>

enum { SCRATCH_SIZE = 1536 };

/* Returns a buffer of SCRATCH_SIZE bytes, aligned for any type and not zeroed;
 * NULL if none is free. A handler that exits by longjmp() while it has a buffer
 * leaks it, so NULL is possible at any time; callers then use their stack.
 * Async-signal-safe. */
void *scratch_take(void);

void scratch_give(void *buffer);

#endif
