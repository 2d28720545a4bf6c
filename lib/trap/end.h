/* SPDX-License-Identifier: BSD-3-Clause */
/* The ends of a process that the trap cannot help: a line that says why, and
 * the signal's default action. */
#ifndef TRAP_END_H
#define TRAP_END_H

#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

enum {
	END_ROOM = 1024,      /* bytes of stack that the handler takes to serve an access */
	END_LEAST_ROOM = 512, /* that it takes to see whose a fault is */
};

/* The bytes of the alternate stack that are left to the handler that calls
 * this; SIZE_MAX: it is on another stack. Async-signal-safe, as is all of
 * this. */
size_t end_room(const ucontext_t *context);

/* END_ROOM is not left, for an access that is ours. */
void end_without_room(int fd, int number, const ucontext_t *context);

/* END_LEAST_ROOM is not left. */
void end_without_any_room(int fd, int number);

/* A fault in our own code. */
void end_of_own(int fd, int number, const siginfo_t *info, const ucontext_t *context);

#endif
