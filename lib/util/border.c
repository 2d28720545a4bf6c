/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/border.h"

#include <errno.h>
#include <pthread.h>

/*
 * The cancel type is set as well as the state: glibc 2.36 acts on an
 * asynchronous cancellation that was sent while cancellation was enabled, even
 * if its signal arrives after cancellation was disabled.
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
