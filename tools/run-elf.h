/* SPDX-License-Identifier: BSD-3-Clause */
/* Properties of an executable that decide whether barspan run can start it. */
#ifndef RUN_ELF_H
#define RUN_ELF_H

#include <stdbool.h>
#include <stddef.h>

enum { RUN_NAME = 256 };

enum run_kind {
	RUN_UNKNOWN, /* cannot be read; exec returns the error */
	RUN_TEXT,    /* neither ELF nor a script that names its interpreter */
	RUN_SCRIPT,
	RUN_DYNAMIC, /* an ELF executable that a dynamic linker starts */
	RUN_LINKER,  /* a dynamic linker */
	RUN_STATIC,
	RUN_BROKEN,  /* an ELF file that is truncated */
	RUN_FOREIGN, /* for another machine, or of another number of bits */
};

/* An executable. Strings are "" if there is none. */
struct run_elf {
	enum run_kind kind;
	int bits;		    /* 32 or 64; of an ELF file */
	char interpreter[RUN_NAME]; /* of a script, or the dynamic linker */
	char sanitizer[RUN_NAME];   /* the runtime library that must be first */
};

/* Reads a file. Nothing in it is trusted. */
void run_elf_read(struct run_elf *out, const char *path);

/* Whether the object can be preloaded into a command; if not, prints the
 * reason. `sanitizer` becomes the name of the library that must be before the
 * object in LD_PRELOAD, or "". */
bool run_can_preload(const char *path, char *const *argv, char sanitizer[RUN_NAME]);

#endif
