/* SPDX-License-Identifier: BSD-3-Clause */
/* Ends a process that the trap cannot serve: writes a line with the reason and
 * sets the signal's default action. */
#ifndef TRAP_END_H
#define TRAP_END_H

#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

/* Bytes of stack that serving an access takes, and that finding a fault's span
 * takes. Functions of arm64 save more registers. */
#if defined(__aarch64__)
enum { END_STACK = 1536, END_MIN_STACK = 768 };
#else
enum { END_STACK = 1024, END_MIN_STACK = 512 };
#endif

/* The bytes of the alternate stack that are left to the calling handler;
 * SIZE_MAX if it runs on another stack. All functions here are
 * async-signal-safe. */
size_t end_stack_left(const ucontext_t *context);

/* For an access in a hole with less than END_STACK left. */
void end_with_low_stack(int fd, int number, const ucontext_t *context);

/* With less than END_MIN_STACK left. */
void end_without_stack(int fd, int number);

/* For a fault in the handler's own code. */
void end_of_own(int fd, int number, const siginfo_t *info, const ucontext_t *context);

#endif
