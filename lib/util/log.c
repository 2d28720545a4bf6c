/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "util/border.h"
#include "util/fork.h"
#include "util/sys.h"

enum { MAX_LENGTH = 512 };

struct log_sink {
	barspan_log_callback *callback;
	void *context;
	enum barspan_log_level level;
};

struct held_message {
	struct held_message *next;
	enum barspan_log_level level;
	char text[];
};

static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_sink current_sink;

PROTECT_ACROSS_FORK(sink_lock, 101);

/* Messages that log_hold() has queued on this thread. */
static __thread struct {
	unsigned int depth;
	unsigned int lost; /* dropped because no memory was left */
	struct held_message *first, *last;
} held;

void barspan_set_log(barspan_log_callback *function, void *context, enum barspan_log_level level)
{
	BORDER();

	pthread_mutex_lock(&sink_lock);
	current_sink = (struct log_sink){ function, context, level };
	pthread_mutex_unlock(&sink_lock);
}

static struct log_sink get_sink(void)
{
	struct log_sink sink;

	pthread_mutex_lock(&sink_lock);
	sink = current_sink;
	pthread_mutex_unlock(&sink_lock);
	return sink;
}

static void deliver_message(enum barspan_log_level level, const char *text)
{
	const struct log_sink sink = get_sink();

	if (sink.callback && level <= sink.level)
		sink.callback(sink.context, level, text);
}

static void keep_message(enum barspan_log_level level, const char *text)
{
	size_t size = strlen(text) + 1;
	struct held_message *message = sys_calloc(1, sizeof(*message) + size);

	if (!message) {
		held.lost++;
		return;
	}
	message->level = level;
	memcpy(message->text, text, size);
	if (held.last)
		held.last->next = message;
	else
		held.first = message;
	held.last = message;
}

void log_message(enum barspan_log_level level, const char *format, ...)
{
	const struct log_sink sink = get_sink();
	int saved = errno;
	char text[MAX_LENGTH];
	va_list arguments;

	if (!sink.callback || level > sink.level)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (held.depth)
		keep_message(level, text);
	else
		deliver_message(level, text);
	errno = saved;
}

void log_hold(void)
{
	held.depth++;
}

void log_release(void)
{
	unsigned int lost;

	if (--held.depth)
		return;
	/* A callback may begin an operation of its own, which queues and
	 * delivers messages here. */
	for (struct held_message *message; (message = held.first);) {
		held.first = message->next;
		if (!held.first)
			held.last = NULL;
		deliver_message(message->level, message->text);
		sys_free(message);
	}
	lost = held.lost;
	held.lost = 0;
	if (lost)
		log_warning("%u messages dropped: out of memory", lost);
}
