/* SPDX-License-Identifier: BSD-3-Clause */
#include "run-find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

void run_relative(char out[PATH_MAX], const char *from, const char *to)
{
	size_t common = 0, length = 0;

	for (size_t i = 0; from[i] == to[i] || !from[i] || !to[i]; i++) {
		if ((from[i] == '/' || !from[i]) && (to[i] == '/' || !to[i]))
			common = i;
		if (!from[i] || !to[i])
			break;
	}
	out[0] = '\0';
	for (const char *c = from + common; *c && length < PATH_MAX - 4; c++)
		if (*c == '/' && c[1])
			length += (size_t)sprintf(out + length, "../");
	to += common;
	snprintf(out + length, PATH_MAX - length, "%s", *to == '/' ? to + 1 : to);
}

static bool is_readable(char path[PATH_MAX], const char *folder, const char *middle)
{
	int n = snprintf(path, PATH_MAX, "%s%s%s/%s", folder, *middle ? "/" : "", middle, PRELOAD);

	return n > 0 && n < PATH_MAX && !access(path, R_OK);
}

static bool search_preload(char path[PATH_MAX])
{
	char folder[PATH_MAX], relative[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	char *slash;

	folder[n > 0 ? n : 0] = '\0';
	slash = strrchr(folder, '/');
	if (slash) {
		*slash = '\0';
		run_relative(relative, BINDIR, PRELOADDIR);
		if (is_readable(path, folder, "") || is_readable(path, folder, relative))
			return true;
	}
	return is_readable(path, PRELOADDIR, "");
}

int run_find_preload(char path[PATH_MAX])
{
	if (!*PRELOAD) {
		tool_say("run: no object to preload: barspan is built without shared libraries "
			 "(--disable-shared)");
		return -EINVAL;
	}
	if (!search_preload(path))
		return -ENOENT;
	if (!strpbrk(path, ": "))
		return 0;
	tool_say("%s: LD_PRELOAD takes no path with a blank or a colon; expected another folder "
		 "or a link to this one",
		 path);
	return -EINVAL;
}

/* Returns 0, -ENOENT if there is no such file, -EACCES if it cannot be
 * executed. */
static int check_file(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return errno == EACCES ? -EACCES : -ENOENT;
	return !S_ISREG(status.st_mode) || access(path, X_OK) ? -EACCES : 0;
}

int run_find_command(char path[PATH_MAX], const char *name)
{
	const char *at = getenv("PATH");
	int length, result = -ENOENT;

	if (strchr(name, '/')) {
		snprintf(path, PATH_MAX, "%s", name);
		return check_file(path);
	}
	for (at = at ? at : "/bin:/usr/bin"; *name; at += length + 1) {
		int r;

		length = (int)strcspn(at, ":");
		snprintf(path, PATH_MAX, "%.*s%s%s", length, at, length ? "/" : "", name);
		r = check_file(path);
		if (!r)
			return 0;
		if (r == -EACCES)
			result = r;
		if (!at[length])
			break;
	}
	return result;
}
