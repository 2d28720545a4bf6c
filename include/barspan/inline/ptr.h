/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of accessors by address. Not for callers, see inline/guard.h. */
#ifndef BARSPAN_INLINE_PTR_H
#define BARSPAN_INLINE_PTR_H

#include <barspan/ptr.h>

BARSPAN_BEGIN_DECLS_

#if defined(__SANITIZE_THREAD__)
#define BARSPAN_TSAN_ 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BARSPAN_TSAN_ 1
#endif
#endif

/* The pages of which every byte is accessed directly, or is in no span, and can
 * be read ([0]) or written ([1]) in the current generation. An entry is the
 * page number XOR the generation, which is in higher bits. Every change of a
 * span or its table begins a new generation. */
enum { BARSPAN_PTR_CACHE_BITS_ = 10, BARSPAN_PTR_PAGE_BITS_ = 12 };

struct barspan_ptr_cache_ {
	uint64_t pages[2][1 << BARSPAN_PTR_CACHE_BITS_]; /* atomic, as is the generation */
	uint64_t generation;				 /* in the bits above page numbers */
};

extern struct barspan_ptr_cache_ barspan_ptr_cache_;

/* An acquiring load; on x86-64 every load is one. Compilers do not fold an
 * atomic load into a comparison. They fold this plain load, and the empty asm
 * forces a reload for each access. */
BARSPAN_HELPER_ uint64_t barspan_load_acquire_(uint64_t *place)
{
#if defined(__x86_64__) && !defined(BARSPAN_TSAN_)
	__asm__ __volatile__("" : "+m"(*place));
	return *place;
#else
	return __atomic_load_n(place, __ATOMIC_ACQUIRE);
#endif
}

BARSPAN_HELPER_ int barspan_ptr_is_cached_(uintptr_t address, unsigned int width, int is_write)
{
	uint64_t page = address >> BARSPAN_PTR_PAGE_BITS_,
		 *pages = barspan_ptr_cache_.pages[is_write];
	uint64_t seen = barspan_load_acquire_(&pages[page % (1 << BARSPAN_PTR_CACHE_BITS_)]);

	return address % width == 0 &&
	       (seen ^ barspan_load_acquire_(&barspan_ptr_cache_.generation)) == page;
}

__attribute__((cold)) uint64_t barspan_ptr_read_slow_(const volatile void *pointer,
						      unsigned int width);
__attribute__((cold)) void barspan_ptr_write_slow_(volatile void *pointer, uint64_t value,
						   unsigned int width);

#define BARSPAN_ACCESSORS_(bits) \
	BARSPAN_INLINE_ uint##bits##_t barspan_ptr_read##bits##_raw(const volatile void *pointer) \
	{ \
		if (__builtin_expect(barspan_ptr_is_cached_((uintptr_t)pointer, bits / 8, 0), 1)) \
			return BARSPAN_LOAD_(bits, (uintptr_t)pointer); \
		return BARSPAN_LE##bits##_( \
			(uint##bits##_t)barspan_ptr_read_slow_(pointer, bits / 8)); \
	} \
\
	BARSPAN_INLINE_ void barspan_ptr_write##bits##_raw(volatile void *pointer, \
							   uint##bits##_t value) \
	{ \
		if (__builtin_expect(barspan_ptr_is_cached_((uintptr_t)pointer, bits / 8, 1), 1)) \
			BARSPAN_STORE_(bits, (uintptr_t)pointer, value); \
		else \
			barspan_ptr_write_slow_(pointer, BARSPAN_LE##bits##_(value), bits / 8); \
	} \
\
	BARSPAN_INLINE_ uint##bits##_t barspan_ptr_read##bits(const volatile void *pointer) \
	{ \
		uint##bits##_t value = BARSPAN_LE##bits##_(barspan_ptr_read##bits##_raw(pointer)); \
\
		BARSPAN_AFTER_READ_(); \
		return value; \
	} \
\
	BARSPAN_INLINE_ void barspan_ptr_write##bits(volatile void *pointer, uint##bits##_t value) \
	{ \
		BARSPAN_BEFORE_WRITE_(); \
		barspan_ptr_write##bits##_raw(pointer, BARSPAN_LE##bits##_(value)); \
	}

BARSPAN_ACCESSORS_(8)
BARSPAN_ACCESSORS_(16)
BARSPAN_ACCESSORS_(32)
BARSPAN_ACCESSORS_(64)
#undef BARSPAN_ACCESSORS_

BARSPAN_END_DECLS_

#endif
