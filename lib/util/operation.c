/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/operation.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "util/log.h"

static pthread_mutex_t operation_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread bool is_holding;

int operation_begin(void)
{
	if (is_holding)
		return -EDEADLK;
	pthread_mutex_lock(&operation_lock);
	is_holding = true;
	log_hold();
	return 0;
}

void operation_end(void)
{
	is_holding = false;
	pthread_mutex_unlock(&operation_lock);
	log_release();
}

/*
 * fork() waits for the operations of other threads, so the child finds spans whole and the lock free. A fork() from
 * inside an operation, in a callback, leaves the lock with that thread in both processes.
 */
static void lock_before_fork(void)
{
	if (!is_holding)
		pthread_mutex_lock(&operation_lock);
}

static void unlock_after_fork(void)
{
	if (!is_holding)
		pthread_mutex_unlock(&operation_lock);
}

/* After those of locks that nest inside: prepare handlers run in reverse order. */
__attribute__((constructor)) static void protect_operation_lock(void)
{
	pthread_atfork(lock_before_fork, unlock_after_fork, unlock_after_fork);
}
