/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <barspan.h>

enum { STDOUT_ROOM = 1 << 16 };

static bool stdout_failed;
static bool holding;
static char held[512];

void tool_say(const char *format, ...)
{
	va_list arguments;

	fputs("barspan: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

int tool_fail(int r, const char *format, ...)
{
	const char *name = strerrorname_np(-r);
	va_list arguments;

	fputs("barspan: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, ": %s (%s)\n", name ? name : "unknown error", strerror(-r));
	return EXIT_FAILURE;
}

bool tool_flush(void)
{
	if (stdout_failed)
		return false;
	if (fflush(stdout))
		tool_fail(-errno, "cannot write to standard output");
	else if (ferror(stdout))
		tool_say("cannot write all of the output to standard output");
	else
		return true;
	stdout_failed = true;
	return false;
}

static void flush_at_exit(void)
{
	/* From here on only _exit() can change the status. */
	if (!tool_flush())
		_exit(EXIT_FAILURE);
}

static void on_message(void *context, enum barspan_log_level level, const char *message)
{
	(void)context;
	(void)level;
	if (holding)
		snprintf(held, sizeof(held), "%s", message);
	else
		tool_say("%s", message);
}

void tool_hold_log(void)
{
	holding = true;
	held[0] = '\0';
}

void tool_release_log(bool show)
{
	holding = false;
	if (show && held[0])
		tool_say("%s", held);
}

/* A device's descriptor that became number 1 would be written to by printf().
 * What fills a gap refuses to be used for what the number is for. */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(EXIT_FAILURE);
}

void tool_start(void)
{
	fill_standard_descriptors();
	/* A reader that goes away is an error like others. */
	signal(SIGPIPE, SIG_IGN);
	/* Not LC_NUMERIC: JSON and SVG want their points. */
	setlocale(LC_CTYPE, "");
	/* Room enough for output to be written out by tool_flush(), which sees
	 * what happens to it. */
	setvbuf(stdout, NULL, _IOFBF, STDOUT_ROOM);
	atexit(flush_at_exit);
	barspan_set_log(on_message, NULL, BARSPAN_LOG_WARNING);
}
