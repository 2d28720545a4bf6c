/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages about direct bytes that fault. */
#ifndef TRAP_RESCUE_H
#define TRAP_RESCUE_H

#include <signal.h>
#include <stdint.h>

struct barspan;

/* Reports, once for each span, that a direct byte at `offset` faulted and was
 * served by trapped access, which returned `error` (0: success). All functions
 * here are async-signal-safe. */
void rescue_tell(int fd, struct barspan *span, uint64_t offset, const siginfo_t *fault, int error);

/* Reports that the access was not served, because the instruction at `pc` of
 * `length` bytes (0: unknown) cannot be emulated. */
void rescue_tell_unknown(int fd, struct barspan *span, uint64_t offset, const siginfo_t *fault,
			 uintptr_t pc, unsigned int length);

#endif
