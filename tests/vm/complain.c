/* SPDX-License-Identifier: BSD-3-Clause */
#include "complain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_COMPLAINTS = 40 };

static int n_complaints; /* atomic */

void complain(const char *file, int line, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	printf("%s:%d: %s\n", file, line, text);
	if (__atomic_add_fetch(&n_complaints, 1, __ATOMIC_RELAXED) >= MAX_COMPLAINTS) {
		printf("too many failures\n");
		exit(1);
	}
}

int complain_status(void)
{
	return __atomic_load_n(&n_complaints, __ATOMIC_RELAXED) ? 1 : 0;
}

void expect_equal(const char *file, int line, const char *what, uint64_t value, uint64_t wanted)
{
	if (value != wanted)
		complain(file, line, "%s is 0x%" PRIx64 ", not 0x%" PRIx64, what, value, wanted);
}

void expect_error(const char *file, int line, const char *what, int r, const char *wanted)
{
	const char *name = r < 0 ? strerrorname_np(-r) : "0";

	if (!name || strcmp(name, wanted) || r > 0)
		complain(file, line, "%s is %d (%s), not %s", what, r, name ? name : "?", wanted);
}
