/* SPDX-License-Identifier: BSD-3-Clause */
/* Which file an instruction is from, by /proc/self/maps. */
#ifndef TRAP_MODULE_H
#define TRAP_MODULE_H

#include <stdint.h>

struct module {
	uintptr_t start, end;
	uint64_t offset;	/* of `start` in the file */
	char path[256];		/* "?": none; cut off at its start where it is too long */
};

/* Describes what is mapped at an address. Async-signal-safe, for one thread
 * at a time. */
void module_find(struct module *out, uintptr_t address);

#endif
