/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/ptr-cache.h"

#include <barspan/ptr.h>

/* Above the page numbers of any address: those of 57 bits. */
#define STEP (UINT64_C(1) << (57 - BARSPAN_PTR_PAGE_BITS_))

/* No page has generation 0, so that the zeros at first are no pages. */
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
	/* A page that was remembered late could be taken for one of the
	 * generation that has this number next. */
	if (__atomic_load_n(&barspan_ptr_cache_.generation, __ATOMIC_SEQ_CST) != generation)
		__atomic_compare_exchange_n(slot, &seen, 0, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void ptr_cache_invalidate(void)
{
	if (__atomic_add_fetch(&barspan_ptr_cache_.generation, STEP, __ATOMIC_SEQ_CST))
		return;
	/* The numbers start over: pages of long ago must not come back. */
	for (uintptr_t i = 0; i < 2 << BARSPAN_PTR_CACHE_BITS_; i++)
		__atomic_store_n(&barspan_ptr_cache_.pages[i & 1][i / 2], 0, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&barspan_ptr_cache_.generation, STEP, __ATOMIC_SEQ_CST);
}
