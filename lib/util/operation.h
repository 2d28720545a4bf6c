/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one lock that serialises everything that changes spans, and the order of
 * all locks of the library.
 *
 * A thread takes them from the top of this table down, and never two of one
 * row. The number is the one of PROTECT_ACROSS_FORK(); the trap's locks are
 * protected by operation_protect().
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
 * While operation_lock is held, one thing of the caller's may run: a
 * transport's `map`. Its other operations do not, and log callbacks wait until
 * the lock is released. Under the other locks nothing of the caller's runs.
 */
#ifndef OPERATION_H
#define OPERATION_H

#include <pthread.h>

#include "util/border.h"

/*
 * Begins a change of spans: no other thread changes any until operation_end().
 * Messages are held back meanwhile.
 * -EDEADLK: this thread is inside an operation, called back by it.
 */
int operation_begin(void);
void operation_end(void);

/*
 * Has fork() take a static mutex of another library after operation_lock, for a
 * child to find it free. By pthread_atfork() it would be taken first, since the
 * other library is loaded later. Call it for at most OPERATION_PROTECTED
 * mutexes, in the order in which they nest.
 */
enum { OPERATION_PROTECTED = 4 };
void operation_protect(pthread_mutex_t *mutex);

#endif
