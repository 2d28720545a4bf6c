/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one lock that serialises everything that changes spans.
 *
 * Lock order: operation_lock first; below it only locks that no callback of the caller's runs under (those of log.c
 * and vfio.c). While operation_lock is held, a transport's `map` may run; log callbacks wait until it is released.
 */
#ifndef OPERATION_H
#define OPERATION_H

#include <pthread.h>

#include "util/border.h"

/*
 * Begins a change of spans: no other thread changes any until operation_end(). Messages are held back meanwhile.
 * -EDEADLK: this thread is inside an operation, called back by it.
 */
int operation_begin(void);
void operation_end(void);

/*
 * Has fork() take a static mutex of another library after operation_lock, for a child to find it free. By
 * pthread_atfork() it would be taken first, since the other library is loaded later. For OPERATION_PROTECTED mutexes,
 * in the order in which they nest.
 */
enum { OPERATION_PROTECTED = 4 };
void operation_protect(pthread_mutex_t *mutex);

#endif
