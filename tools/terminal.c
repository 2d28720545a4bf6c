/* SPDX-License-Identifier: BSD-3-Clause */
#include "terminal.h"

#include <langinfo.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "parse.h"

enum { MIN_WIDTH = 20, MAX_WIDTH = 1000, DEFAULT_WIDTH = 80 };

static uint64_t wanted_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t number;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return columns && !parse_number(&number, columns) && number ? number : DEFAULT_WIDTH;
}

unsigned int terminal_width(void)
{
	uint64_t width = wanted_width();

	return width < MIN_WIDTH ? MIN_WIDTH : width > MAX_WIDTH ? MAX_WIDTH : (unsigned int)width;
}

bool terminal_unicode(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}
