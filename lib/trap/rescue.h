/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages about direct bytes that fault. */
#ifndef TRAP_RESCUE_H
#define TRAP_RESCUE_H

#include <signal.h>
#include <stdint.h>

struct barspan;

/* Says, once a span, that a direct byte at `offset` in it faulted and was
 * served by trapped access, with what error (0: none). Async-signal-safe, as
 * is the next. */
void rescue_tell(int fd, struct barspan *span, uint64_t offset, const siginfo_t *fault, int error);

/* Says that it was not, since the instruction at `pc`, of `length` bytes (0:
 * unknown), cannot be emulated. */
void rescue_tell_unknown(int fd, struct barspan *span, uint64_t offset, const siginfo_t *fault,
			 uintptr_t pc, unsigned int length);

#endif
