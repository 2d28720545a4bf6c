/* SPDX-License-Identifier: BSD-3-Clause */
/* What barspan run has to know of an executable before it starts it. */
#ifndef RUN_ELF_H
#define RUN_ELF_H

#include <stdbool.h>
#include <stddef.h>

enum { RUN_NAME = 256 };

enum run_kind {
	RUN_UNKNOWN, /* cannot be read: exec says why */
	RUN_TEXT,    /* neither ELF nor a script that names its interpreter */
	RUN_SCRIPT,
	RUN_DYNAMIC, /* an ELF executable that a dynamic linker starts */
	RUN_LINKER,  /* a dynamic linker */
	RUN_STATIC,
	RUN_BROKEN,  /* an ELF file that is not whole */
	RUN_FOREIGN, /* for another machine, or 32 bits where this program has 64 */
};

/* An executable. Strings are "" if there is none. */
struct run_elf {
	enum run_kind kind;
	int bits;		    /* 32 or 64; of an ELF file */
	char interpreter[RUN_NAME]; /* of a script, or the dynamic linker */
	char sanitizer[RUN_NAME];   /* the runtime library that wants to be first */
};

/* Reads a file. Nothing in it is trusted. */
void run_elf_read(struct run_elf *out, const char *path);

/* Whether a command can be helped; if not, says why. `sanitizer` is the name of
 * a library that the preloaded object has to come behind, or "". */
bool run_can_preload(const char *path, char *const *argv, char sanitizer[RUN_NAME]);

#endif
