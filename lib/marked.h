/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells whether a range of addresses is still the library's own. */
#ifndef MARKED_H
#define MARKED_H

#include <stdbool.h>
#include <stddef.h>

/* Whether all of [address, address + length) is mapped without any access and left out of core dumps, and, where that
 * is asked for, anonymously. Every reservation is, and no mapping is when it is made: an anonymous one is in core dumps
 * at first. (A device's driver may leave its own out from the start.) False where /proc cannot be read. */
bool marked(const void *address, size_t length, bool anonymous);

#endif
