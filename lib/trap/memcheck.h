/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells memcheck which holes are trapped. Otherwise it reports every access to
 * an inaccessible address, even if the handler serves it. */
#ifndef TRAP_MEMCHECK_H
#define TRAP_MEMCHECK_H

#include <stdbool.h>

/* Whether the program runs under valgrind. */
bool memcheck_is_there(void);

/* Reports the holes of all live and future spans as trapped from now on, or as
 * inaccessible. */
void memcheck_set_trapped(bool trapped);

#endif
