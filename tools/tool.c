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
static volatile sig_atomic_t reader_left;
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
	int r;

	if (stdout_failed)
		return false;
	r = fflush(stdout) ? -errno : 0;
	if (!r && !ferror(stdout))
		return true;
	if (r && !reader_left)
		tool_fail(r, "standard output: cannot write");
	else if (!reader_left)
		tool_say("standard output: a part of the output was not written");
	stdout_failed = true;
	return false;
}

static void flush_at_exit(void)
{
	if (tool_flush())
		return;
	if (reader_left) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	/* exit() has begun: only _exit() can change the status now. */
	_exit(EXIT_FAILURE);
}

static void on_broken_pipe(int number)
{
	(void)number;
	reader_left = 1;
}

/* If nobody reads the output any more, the program ends as SIGPIPE would end
 * it, but not before it has cleared its progress line. A command that is
 * executed gets the action that this process was given: exec resets a handler
 * to the default. If the action is to ignore SIGPIPE, the failure is reported
 * as any other. */
static void handle_broken_pipe(void)
{
	struct sigaction action = { .sa_handler = on_broken_pipe, .sa_flags = SA_RESTART };
	struct sigaction given;

	if (!sigaction(SIGPIPE, NULL, &given) && given.sa_handler == SIG_DFL)
		sigaction(SIGPIPE, &action, NULL);
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

/* If a device's descriptor became number 1, printf() would write to the device.
 * A closed descriptor is replaced by one that cannot be used in its direction:
 * writing to standard output still fails. */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(EXIT_FAILURE);
}

void tool_start(void)
{
	fill_standard_descriptors();
	handle_broken_pipe();
	/* Not LC_NUMERIC: numbers in JSON and SVG have a decimal point. */
	setlocale(LC_CTYPE, "");
	/* Large enough to leave most writing to tool_flush(), which knows the
	 * error. */
	setvbuf(stdout, NULL, _IOFBF, STDOUT_ROOM);
	atexit(flush_at_exit);
	barspan_set_log(on_message, NULL, BARSPAN_LOG_WARNING);
}
