/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses that are taken from spans by others: unmapped, or mapped over, by whoever drives the device. */
#ifndef CARVE_H
#define CARVE_H

#include <stdint.h>

struct span;

/* Makes every span forget what it has in [start, end), which it will neither use nor unmap: those offsets are holes,
 * and the addresses are in the registry no more. A span of barspan_mmap()'s that has nothing left is gone, device and
 * all. Thread-safe. -ENOMEM: some of it may be forgotten, the rest is as it was. */
int carve(uintptr_t start, uintptr_t end);

/* The same for what has happened already. Without the memory to note it, a span that it happened to forgets all of its
 * addresses, and unmaps none of them ever. */
void carve_done(uintptr_t start, uintptr_t end);

#endif
