/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The set of descriptors that belong to the library. Lock-free and safe
 * anywhere, also in a child of vfork(2): the preloaded object queries it when a
 * program closes or replaces descriptors.
 */
#ifndef OWNED_H
#define OWNED_H

#include <stdbool.h>

/* Descriptors at or above OWNED_MAX are not recorded. */
enum { OWNED_MAX = 1 << 16 };

/* The lowest number for a descriptor that every process has, even without a
 * device. It is small because the kernel's descriptor table is as long as the
 * highest descriptor in use, and each fork() copies it. */
enum { OWNED_COMMON_BASE = 192 };

/* The lowest number for the library's other descriptors. It is below the
 * limit on open files, but high: programs use the lowest free numbers, and some
 * close every low number that they did not open. */
int owned_base(void);

void owned_add(int fd);
void owned_remove(int fd);
bool owned_has(int fd);

/* The lowest descriptor in the set at or above `from`; -1 if there is none. */
int owned_next(unsigned int from);

#endif
