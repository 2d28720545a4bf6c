/* SPDX-License-Identifier: BSD-3-Clause */
#include "span/ptr-cache.h"

#include <barspan/legacy.h>

/* Above the page numbers of any address: those of 57 bits. */
#define STEP (UINT64_C(1) << (57 - BARSPAN_PLAIN_PAGE_BITS_))

/* No page has generation 0, so that the zeros at first are no pages. */
struct barspan_plain_ barspan_plain_pages_ = { .generation = STEP };

static uint64_t *slot_of(uintptr_t address)
{
	return &barspan_plain_pages_.pages[(address >> BARSPAN_PLAIN_PAGE_BITS_) % (1 << BARSPAN_PLAIN_BITS_)];
}

uint64_t ptr_cache_generation(void)
{
	return __atomic_load_n(&barspan_plain_pages_.generation, __ATOMIC_ACQUIRE);
}

void ptr_cache_insert(uintptr_t address, uint64_t generation)
{
	uint64_t *slot = slot_of(address), seen = ((uint64_t)address >> BARSPAN_PLAIN_PAGE_BITS_) ^ generation;

	__atomic_store_n(slot, seen, __ATOMIC_SEQ_CST);
	/* A page that was remembered late could be taken for one of the generation that has this number next. */
	if (__atomic_load_n(&barspan_plain_pages_.generation, __ATOMIC_SEQ_CST) != generation)
		__atomic_compare_exchange_n(slot, &seen, 0, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void ptr_cache_invalidate(void)
{
	if (__atomic_add_fetch(&barspan_plain_pages_.generation, STEP, __ATOMIC_SEQ_CST))
		return;
	/* The numbers start over: pages of long ago must not come back. */
	for (uintptr_t i = 0; i < 1 << BARSPAN_PLAIN_BITS_; i++)
		__atomic_store_n(&barspan_plain_pages_.pages[i], 0, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&barspan_plain_pages_.generation, STEP, __ATOMIC_SEQ_CST);
}

extern inline uint64_t barspan_load_acquire_(uint64_t *place);
extern inline int barspan_is_plain_(uintptr_t address, unsigned int width);

#define BODIES(bits)                                                                                                   \
	extern inline uint##bits##_t barspan_ptr_read##bits(const volatile void *pointer);                             \
	extern inline void barspan_ptr_write##bits(volatile void *pointer, uint##bits##_t value);

BODIES(8)
BODIES(16)
BODIES(32)
BODIES(64)
