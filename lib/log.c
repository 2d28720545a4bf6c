/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static barspan_log_callback *callback;
static void *callback_context;
static enum barspan_log_level callback_level;

void barspan_set_log(barspan_log_callback *function, void *context, enum barspan_log_level level)
{
	pthread_mutex_lock(&lock);
	callback = function;
	callback_context = context;
	callback_level = level;
	pthread_mutex_unlock(&lock);
}

void log_message(enum barspan_log_level level, const char *format, ...)
{
	barspan_log_callback *function;
	int saved = errno;
	char text[512];
	va_list arguments;
	void *context;

	pthread_mutex_lock(&lock);
	function = level <= callback_level ? callback : NULL;
	context = callback_context;
	pthread_mutex_unlock(&lock);
	if (!function)
		return;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	function(context, level, text);
	errno = saved;
}

const char *log_error_name(int r)
{
	const char *name = strerrorname_np(-r);

	return name ? name : "an unknown error";
}
