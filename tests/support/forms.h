/* SPDX-License-Identifier: BSD-3-Clause */
/* Random instructions of every form that the trap emulates, with registers such that they access a given place. */
#ifndef FORMS_H
#define FORMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine.h"

enum { FORMS_PAGE = 4096, FORMS_PAGES = 4, FORMS_SIZE = FORMS_PAGES * FORMS_PAGE, FORMS_GS_BASE = 0x12340000 };

/* Within reach of 32-bit addresses and of code: pages 1 and 3 of those at FORMS_BASE shall be the holes; there is
 * memory on both sides of all of them. The gs segment shall begin at FORMS_GS_BASE. */
#define FORMS_CODE ((uintptr_t)0x30000000)
#define FORMS_BASE ((uintptr_t)0x30100000)

struct example {
	uint8_t code[15];
	uint8_t length;
	struct machine before, after;
	uint64_t traps;		/* accesses that were served */
	uint64_t hash;		/* of all memory */
};

/* How many forms there are, string instructions being the last. */
size_t forms_count(void);

/* Makes an example of a form; false: this processor has no such instruction. */
bool forms_make(struct example *example, size_t form, uint64_t *seed);

/* A name for messages. */
const char *forms_name(size_t form);

#endif
