/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/operation.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "util/log.h"

static pthread_mutex_t operation_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread bool is_holding;

static pthread_mutex_t *protected_mutexes[OPERATION_PROTECTED]; /* protected by operation_lock */
static size_t n_protected;

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
 * fork() waits for the operations of other threads to end, so the child sees
 * consistent spans and a free lock. If a callback inside an operation calls
 * fork(), that thread holds the lock in both processes.
 */
static void lock_before_fork(void)
{
	if (!is_holding)
		pthread_mutex_lock(&operation_lock);
	for (size_t i = 0; i < n_protected; i++)
		pthread_mutex_lock(protected_mutexes[i]);
}

static void unlock_after_fork(void)
{
	for (size_t i = n_protected; i;)
		pthread_mutex_unlock(protected_mutexes[--i]);
	if (!is_holding)
		pthread_mutex_unlock(&operation_lock);
}

/* Runs after the constructors of the locks that nest inside this one: fork()
 * runs prepare handlers in reverse order of registration. */
__attribute__((constructor)) static void protect_operation_lock(void)
{
	pthread_atfork(lock_before_fork, unlock_after_fork, unlock_after_fork);
}

/* A library may be loaded while another thread forks, or by a callback inside
 * an operation. */
void operation_protect(pthread_mutex_t *mutex)
{
	bool outside = !is_holding;

	if (outside)
		pthread_mutex_lock(&operation_lock);
	if (n_protected < OPERATION_PROTECTED)
		protected_mutexes[n_protected++] = mutex;
	if (outside)
		pthread_mutex_unlock(&operation_lock);
}
