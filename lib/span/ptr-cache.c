/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/ptr-cache.h"

#include <barspan/ptr.h>

/* The lowest bit above the page numbers of 57-bit addresses. */
#define STEP (UINT64_C(1) << (57 - BARSPAN_PTR_PAGE_BITS_))

/* Generation 0 is not used, so the initial zeros match no page. */
struct barspan_ptr_cache_ barspan_ptr_cache_ = { .generation = STEP };

static uint64_t *slot_of(uintptr_t address, bool is_write)
{
	return &barspan_ptr_cache_.pages[is_write][(address >> BARSPAN_PTR_PAGE_BITS_) %
						   (1 << BARSPAN_PTR_CACHE_BITS_)];
}

uint64_t ptr_cache_generation(void)
{
	return __atomic_load_n(&barspan_ptr_cache_.generation, __ATOMIC_ACQUIRE);
}

void ptr_cache_insert(uintptr_t address, bool is_write, uint64_t generation)
{
	uint64_t *slot = slot_of(address, is_write),
		 seen = ((uint64_t)address >> BARSPAN_PTR_PAGE_BITS_) ^ generation;

	__atomic_store_n(slot, seen, __ATOMIC_SEQ_CST);
	/* The generation has changed meanwhile. The entry could match after
	 * wraparound, so it is removed. */
	if (__atomic_load_n(&barspan_ptr_cache_.generation, __ATOMIC_SEQ_CST) != generation)
		__atomic_compare_exchange_n(slot, &seen, 0, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void ptr_cache_invalidate(void)
{
	if (__atomic_add_fetch(&barspan_ptr_cache_.generation, STEP, __ATOMIC_SEQ_CST))
		return;
	/* Wraparound: entries of earlier generations must not match again. */
	for (uintptr_t i = 0; i < 2 << BARSPAN_PTR_CACHE_BITS_; i++)
		__atomic_store_n(&barspan_ptr_cache_.pages[i & 1][i / 2], 0, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&barspan_ptr_cache_.generation, STEP, __ATOMIC_SEQ_CST);
}
