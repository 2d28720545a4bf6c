/* SPDX-License-Identifier: BSD-3-Clause */
#include "operation.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "log.h"

static pthread_mutex_t operation_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread bool is_holding;

/*
 * The type as well as the state: an asynchronous cancellation that was sent while it was allowed acts in glibc 2.36 even
 * if its signal arrives after it was disabled.
 */
struct border border_enter(void)
{
	struct border border = { .error = errno };

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &border.cancel_state);
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &border.cancel_type);
	return border;
}

void border_leave(const struct border *border)
{
	errno = border->error;
	if (border->cancel_state != PTHREAD_CANCEL_DISABLE)
		pthread_setcancelstate(border->cancel_state, NULL);
	if (border->cancel_type != PTHREAD_CANCEL_DEFERRED)
		pthread_setcanceltype(border->cancel_type, NULL);
}

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
