/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lock that serialises all changes of spans, and the lock order of the
 * library.
 *
 * A thread takes locks from the top of this table down, and at most one lock of
 * each row. The number is the priority of PROTECT_ACROSS_FORK(). The trap's
 * locks are protected by operation_protect().
 *
 *	-	operation_lock		operation.c
 *	-	mode_lock		trap.c
 *	-	chain_lock		chain.c
 *	102	shared_lock		shared-device.c
 *	101	sink_lock		log.c
 *		description_lock	vfio-description.c
 *		failure_lock		failure.c
 *		note_lock		vfio-name.c
 *
 * While operation_lock is held, a transport's `map` is the only code of the
 * caller that may run. Its other operations are not called, and log messages
 * are held until the lock is released. No code of the caller runs under the
 * other locks.
 */
#ifndef OPERATION_H
#define OPERATION_H

#include <pthread.h>

#include "util/border.h"

/*
 * Begins an operation: no other thread changes a span until operation_end().
 * Log messages are held until then.
 * -EDEADLK: this thread is already inside an operation, in a callback.
 */
int operation_begin(void);
void operation_end(void);

/*
 * Makes fork() take a static mutex of another library after operation_lock, and
 * lets the child find it free. pthread_atfork() would take it first, because
 * the other library is loaded later. Call this for at most OPERATION_PROTECTED
 * mutexes, in the order in which they nest.
 */
enum { OPERATION_PROTECTED = 4 };
void operation_protect(pthread_mutex_t *mutex);

#endif
