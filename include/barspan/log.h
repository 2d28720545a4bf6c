/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of the library. It never prints: without a callback they are
 * dropped. */
#ifndef BARSPAN_LOG_H
#define BARSPAN_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

enum barspan_log_level {
	BARSPAN_LOG_ERROR, /* a call fails; the message says more than its error code */
	/* a call succeeds, but a kernel, a server or a caller said something
	 * odd */
	BARSPAN_LOG_WARNING,
	BARSPAN_LOG_INFO, /* what was mapped where */
};

/* One message: one line without a newline, which names the device, the region
 * and the offset that it is about. `message` is valid during the call. Called
 * on the thread that made the call which has something to say, never from a
 * signal handler; several threads may be in it at once. The library holds no
 * lock meanwhile: it may take locks, and call any function. */
typedef void barspan_log_callback(void *context, enum barspan_log_level level, const char *message);

/* Sets the process-wide callback for messages of `level` and those more severe;
 * NULL drops all messages, which is the default. A call that is under way in
 * another thread may still use the callback that was set before. Thread-safe;
 * not for signal handlers. */
void barspan_set_log(barspan_log_callback *callback, void *context, enum barspan_log_level level);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
