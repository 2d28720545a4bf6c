/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages to the caller's log callback. Not for signal handlers. */
#ifndef LOG_H
#define LOG_H

#include <barspan/log.h>

/* Formats a message, without a newline, and passes it to the callback if one is
 * set for that level. */
void log_message(enum barspan_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Messages that this thread logs after log_hold() are queued; log_release()
 * delivers them in order. The calls nest. A thread must hold messages while it
 * holds a lock, since a callback may wait for another thread that needs the
 * lock.
 */
void log_hold(void);
void log_release(void);

/* The name of an error code: "EINVAL" for -EINVAL. */
const char *log_error_name(int r);

#define log_error(...) log_message(BARSPAN_LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(BARSPAN_LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_message(BARSPAN_LOG_INFO, __VA_ARGS__)

#endif
