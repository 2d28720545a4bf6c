/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions that libbarspan exports for its own preloaded object alone. Safe
 * anywhere unless they say otherwise.
 */
#ifndef PRIVATE_H
#define PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(default)

/* Whether a descriptor is a VFIO device's. Reads a link in /proc. */
bool barspan_is_vfio_(int fd);

/* Whether any of the bytes belongs to a span. */
bool barspan_overlaps_(const void *address, size_t length);

/* Moves a descriptor to a higher number, close-on-exec, and makes it one of the
 * library's own. Returns the new number, or the old one if it cannot be moved.
 */
int barspan_keep_descriptor_(int fd);

/* Makes a descriptor one of the library's own as it is. */
void barspan_note_descriptor_(int fd);

/* Whether a descriptor is one of the library's own. */
bool barspan_owns_descriptor_(int fd);

/* The lowest of the library's own descriptors at or above `from`; -1: there is
 * none. */
int barspan_own_descriptor_(unsigned int from);

#pragma GCC visibility pop

#endif
