/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds the file of an instruction in /proc/self/maps. */
#ifndef TRAP_MODULE_H
#define TRAP_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "trap/table.h"

struct module {
	uintptr_t start, end;
	uint64_t offset;       /* of `start` in the file */
	char path[TABLE_PATH]; /* "?": none; only its end if it is too long */
	struct module_reader {
		int fd;
		int used, next;
		char buffer[256];
	} reader; /* of module_find() */
};

/* Describes the mapping at an address. Async-signal-safe. A handler that may
 * run on a small stack takes the structure from scratch_take(). */
void module_find(struct module *out, uintptr_t address);

/* Whether the module is a file of the file system. Code generated at run time
 * is in no file or in a memory file. */
bool module_is_file(const struct module *module);

#endif
