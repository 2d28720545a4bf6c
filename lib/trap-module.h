/* SPDX-License-Identifier: BSD-3-Clause */
/* Which file an instruction is from, by /proc/self/maps. */
#ifndef TRAP_MODULE_H
#define TRAP_MODULE_H

#include <stdbool.h>
#include <stdint.h>

struct module {
	uintptr_t start, end;
	uint64_t offset;	/* of `start` in the file */
	char path[248];		/* "?": none; cut off at its start where it is too long */
};

/* Describes what is mapped at an address. Safe anywhere. */
void module_find(struct module *out, uintptr_t address);

/* Whether it is a file of the file system. Code that was made at run time is in
 * no file, or in a memory file. */
bool module_is_file(const struct module *module);

#endif
