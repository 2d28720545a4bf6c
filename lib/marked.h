/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells whether a range of addresses is still the library's own. */
#ifndef MARKED_H
#define MARKED_H

#include <stdbool.h>
#include <stddef.h>

/* Whether all of [address, address + length) is mapped without any access and left out of core dumps. Every reservation is,
 * and no mapping is when it is made. False where /proc cannot be read. */
bool marked(const void *address, size_t length);

#endif
