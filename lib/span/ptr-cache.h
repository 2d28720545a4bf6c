/* SPDX-License-Identifier: BSD-3-Clause */
/* The pages that pointer accessors need not look up: <barspan/ptr.h> has the
 * table, since they are inline. */
#ifndef PTR_CACHE_H
#define PTR_CACHE_H

#include <stdbool.h>
#include <stdint.h>

/* To be taken before it is looked up what a page is. */
uint64_t ptr_cache_generation(void);

/* Remembers that all of an address's page is read, or written, directly, as was
 * found in that generation. Safe anywhere. */
void ptr_cache_insert(uintptr_t address, bool is_write, uint64_t generation);

/* Forgets all pages. To be called after a change can be seen by those who look
 * up. Thread-safe. */
void ptr_cache_invalidate(void);

#endif
