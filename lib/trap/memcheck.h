/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells memcheck which holes are trapped. It complains of an access to an
 * address that it takes for inaccessible, whatever the handler does of it. */
#ifndef TRAP_MEMCHECK_H
#define TRAP_MEMCHECK_H

#include <stdbool.h>

/* Whether the program runs under valgrind. */
bool memcheck_is_there(void);

/* From now on, or no longer, holes are trapped: those of all live spans and of
 * spans to come. */
void memcheck_set_trapped(bool trapped);

#endif
