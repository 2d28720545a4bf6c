/* SPDX-License-Identifier: BSD-3-Clause */
/* The pages that pointer accessors access directly without a lookup. The table
 * is in <barspan/inline/ptr.h>, since these accessors are inline. */
#ifndef PTR_CACHE_H
#define PTR_CACHE_H

#include <stdbool.h>
#include <stdint.h>

/* Read this before looking up the page. */
uint64_t ptr_cache_generation(void);

/* Records that every byte of the page of `address` was found in `generation` to
 * be read, or written, directly. Safe anywhere. */
void ptr_cache_insert(uintptr_t address, bool is_write, uint64_t generation);

/* Invalidates all entries. Call it after the change has become visible to
 * lookups. Thread-safe. */
void ptr_cache_invalidate(void);

#endif
