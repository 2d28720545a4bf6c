/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages for the caller's callback. Not for signal handlers. */
#ifndef LOG_H
#define LOG_H

#include <barspan/log.h>

/* Formats a message, without a newline, and hands it to the callback if there
 * is one for that level. */
void log_message(enum barspan_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Between these two, this thread's messages are kept; log_release() delivers
 * them in order. A thread that holds a lock holds its messages back, since a
 * callback may wait for another thread that wants the lock. Nests.
 */
void log_hold(void);
void log_release(void);

/* The name of the error that a function returned, such as "EINVAL" for
 * -EINVAL. */
const char *log_error_name(int r);

#define log_error(...) log_message(BARSPAN_LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(BARSPAN_LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_message(BARSPAN_LOG_INFO, __VA_ARGS__)

#endif
