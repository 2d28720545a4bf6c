/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The set of descriptors that are the library's own. Lock-free and safe
 * anywhere, also in a child of vfork(2): the preloaded object asks it when a
 * program closes or replaces descriptors.
 */
#ifndef OWNED_H
#define OWNED_H

#include <stdbool.h>

/* A descriptor of OWNED_MAX or above is not noted. */
enum { OWNED_MAX = 1 << 16 };

/* The lowest number for a descriptor that every process has, with a device or
 * without: the kernel's table of descriptors is as long as the highest one in
 * use, and each fork copies it. */
enum { OWNED_COMMON_BASE = 192 };

/* The lowest number for the library's other descriptors, below the limit on
 * open files: programs use the lowest free numbers, and close what they do not
 * know there. */
int owned_base(void);

void owned_add(int fd);
void owned_remove(int fd);
bool owned_has(int fd);

/* The lowest descriptor of the set at or above `from`; -1: there is none. */
int owned_next(unsigned int from);

#endif
