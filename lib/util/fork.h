/* SPDX-License-Identifier: BSD-3-Clause */
/* Mutexes that are unlocked in a child of fork(), even if another thread held
 * them at the time of the fork. */
#ifndef FORK_H
#define FORK_H

#include <pthread.h>

/*
 * Protects a static mutex of this file across fork(). Handlers run before
 * fork() in reverse order of `priority` (101 and up). A mutex that is taken
 * while another is held needs a smaller number than the other: see operation.h.
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
