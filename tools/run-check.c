/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the object can be preloaded into a command. */
#include "run-elf.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tool.h"

/* The kernel's limit for interpreters of interpreters. */
enum { MAX_SCRIPTS = 5 };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The dynamic linker of this program. The object is for its C library. */
static const char *own_linker(void)
{
	static struct run_elf own;

	if (!own.interpreter[0])
		run_elf_read(&own, "/proc/self/exe");
	return own.interpreter;
}

static bool has_privileges(const char *path)
{
	struct stat status;

	return (!stat(path, &status) && status.st_mode & (S_ISUID | S_ISGID)) ||
	       getxattr(path, "security.capability", NULL, 0) > 0;
}

/* Finds the program among the arguments of a dynamic linker. Returns NULL if
 * there is none. */
static const char *linked_program(char *const *argv)
{
	static const char *const with_value[] = {
		"--library-path",	  "--inhibit-rpath",	 "--audit", "--preload", "--argv0",
		"--glibc-hwcaps-prepend", "--glibc-hwcaps-mask",
	};

	for (argv++; *argv && !strncmp(*argv, "--", 2); argv++)
		for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++)
			if (!strcmp(*argv, with_value[i]) && argv[1]) {
				argv++;
				break;
			}
	return *argv;
}

/* Returns why an ELF file is not supported; NULL if it is. */
static const char *elf_problem(const struct run_elf *elf)
{
	static char text[2 * RUN_NAME + 64];

	switch (elf->kind) {
	case RUN_STATIC:
		return "linked statically: its system calls cannot be intercepted";
	case RUN_BROKEN:
		return "the ELF file is truncated";
	case RUN_FOREIGN:
		if (elf->bits == (int)sizeof(void *) * 8)
			return "for another machine than the preloaded object";
		snprintf(text, sizeof(text), "a program of %d bits: the preloaded object has %d",
			 elf->bits, (int)sizeof(void *) * 8);
		return text;
	case RUN_DYNAMIC:
		if (!*own_linker() || !strcmp(base_name(elf->interpreter), base_name(own_linker())))
			return NULL;
		snprintf(text, sizeof(text),
			 "for another C library%s: its dynamic linker is %s, not %s",
			 strstr(elf->interpreter, "musl") ? " (musl)" : "", elf->interpreter,
			 own_linker());
		return text;
	default:
		return NULL;
	}
}

static bool can_preload(const char *path, char *const *argv, char sanitizer[RUN_NAME], int depth)
{
	struct run_elf elf;
	const char *problem, *program;

	run_elf_read(&elf, path);
	if (elf.kind == RUN_TEXT)
		return can_preload("/bin/sh", argv, sanitizer, MAX_SCRIPTS);
	if (elf.kind == RUN_SCRIPT)
		return depth >= MAX_SCRIPTS ||
		       can_preload(elf.interpreter, argv, sanitizer, depth + 1);
	problem = elf_problem(&elf);
	if (!problem && has_privileges(path))
		problem = "set-user-ID, set-group-ID or with file capabilities: the dynamic linker "
			  "preloads nothing into it";
	if (problem) {
		tool_say("%s: %s", path, problem);
		return false;
	}
	program = elf.kind == RUN_LINKER && !depth ? linked_program(argv) : NULL;
	if (program)
		return can_preload(program, argv, sanitizer, MAX_SCRIPTS);
	memcpy(sanitizer, elf.sanitizer, RUN_NAME);
	return true;
}

bool run_can_preload(const char *path, char *const *argv, char sanitizer[RUN_NAME])
{
	sanitizer[0] = '\0';
	return can_preload(path, argv, sanitizer, 0);
}
