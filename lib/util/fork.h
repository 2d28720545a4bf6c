/* SPDX-License-Identifier: BSD-3-Clause */
/* Mutexes that a child of fork() finds free, whatever other threads did at that
 * moment. */
#ifndef FORK_H
#define FORK_H

#include <pthread.h>

/*
 * Protects a static mutex of this file. Handlers run before a fork() in the
 * reverse order of `priority` (101 and up), so a mutex that is taken while
 * another is held needs a smaller number than that one: see operation.h.
 */
#define PROTECT_ACROSS_FORK(mutex, priority) \
	static void mutex##_before_fork(void) \
	{ \
		pthread_mutex_lock(&(mutex)); \
	} \
\
	static void mutex##_after_fork(void) \
	{ \
		pthread_mutex_unlock(&(mutex)); \
	} \
\
	__attribute__((constructor(priority))) static void mutex##_protect(void) \
	{ \
		pthread_atfork(mutex##_before_fork, mutex##_after_fork, mutex##_after_fork); \
	} \
	_Static_assert(1, "takes a semicolon")

#endif
