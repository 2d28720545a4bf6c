/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of the library. It never prints; without a callback it drops
 * messages. */
#ifndef BARSPAN_LOG_H
#define BARSPAN_LOG_H

#include <barspan/inline/macros.h>

BARSPAN_BEGIN_DECLS_

enum barspan_log_level {
	BARSPAN_LOG_ERROR, /* a call fails; the message gives the cause */
	/* a call succeeds, but the kernel, a server or the caller passed
	 * something unusual */
	BARSPAN_LOG_WARNING,
	BARSPAN_LOG_INFO, /* spans and their addresses */
};

/* Receives one message: a line without a newline that names the device, region
 * and offset. `message` is valid during the call. The callback runs on the
 * thread whose call caused the message, never in a signal handler, and may run
 * on several threads at once. The library holds no lock then: the callback may
 * take locks and call any function. */
typedef void barspan_log_callback(void *context, enum barspan_log_level level, const char *message);

/* Sets the process-wide callback for messages of `level` and more severe ones.
 * NULL, the default, drops all messages. A call in progress in another thread
 * may still use the previous callback. Thread-safe; not for signal handlers. */
void barspan_set_log(barspan_log_callback *callback, void *context, enum barspan_log_level level);

BARSPAN_END_DECLS_

#endif
