/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The drop-in: for drivers that map a whole BAR with one mmap() and then compute addresses.
 *
 * Grade one changes that call to barspan_mmap(). Grade two redirects the register macros to barspan_ptr_read32() and
 * its kin, which take the address that the driver has computed. See barspan-porting(7).
 */
#ifndef BARSPAN_LEGACY_H
#define BARSPAN_LEGACY_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/io.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* As mmap(2), and mmap(2) itself for a descriptor that is not a VFIO device's. For one that is, the range may have
 * holes: it is made a span, in which each area lies at its natural offset, where mmap(2) would fail with EINVAL. Takes
 * address hints, MAP_FIXED, MAP_FIXED_NOREPLACE (which wins if both are given) and windows of a region. The library
 * duplicates the descriptor, once for all spans of the same open file, and `fd` may be closed. A span lives until
 * barspan_munmap(), or a MAP_FIXED of barspan_mmap(), has taken all of its addresses.
 *
 * A descriptor is known for a VFIO device's by its link in /proc/self/fd. Of `prot`, what the region does not allow is
 * left out, and PROT_EXEC is; PROT_NONE is left to mmap(2). A MAP_FIXED that fails may have unmapped what was there, as
 * mmap(2)'s own does.
 *
 * MAP_FAILED, with errno as mmap(2) sets it: EINVAL also for a region that cannot be mapped at all, for a window that
 * is not inside one region, and for MAP_PRIVATE; EACCES for a region that allows nothing of `prot`; and what
 * barspan_map() says, such as EPROTO, which mmap(2) never does. Thread-safe; not for signal handlers. */
void *barspan_mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset);

/* As munmap(2), for any range: whole spans, parts of spans, or other mappings. A part that is unmapped is no part of
 * its span any more: its offsets are holes (BARSPAN_REASON_REQUESTED), and its addresses are nobody's. If it fails,
 * nothing has changed. */
int barspan_munmap(void *addr, size_t length);

/* As mremap(2), with its fifth argument always there. Spans are not moved: addresses of spans that are moved, replaced
 * or unmapped are the spans' no more. A range with a gap is not moved to or from a span: EFAULT. */
void *barspan_mremap(void *old_addr, size_t old_length, size_t new_length, int flags, void *new_addr);

/* As mprotect(2), but that the addresses of spans are left as they are, since holes must not become memory that can be
 * read: asking for the access that a span has is granted, any other is EACCES, and nothing is done. */
int barspan_mprotect(void *addr, size_t length, int prot);

/* The span that an address lies in, with its offset from the span's start (`offset` may be NULL); NULL: in none. Takes
 * a time logarithmic in the number of spans, no lock, and is safe anywhere. The span is valid until it is unmapped; the
 * caller must ensure that no other thread does that meanwhile. */
struct barspan *barspan_find(const volatile void *pointer, uint64_t *offset);

/*
 * Accessors by address, shaped like readl() and writel(). In a span they are the accessors of <barspan/io.h>, with the
 * same widths, order, byte order and failures (barspan_error() of the span tells); anywhere else they are a load or
 * store in the device's byte order. An access that begins in a span and goes past its end fails with -ERANGE.
 */
BARSPAN_INLINE_ uint8_t barspan_ptr_read8(const volatile void *pointer);
BARSPAN_INLINE_ uint16_t barspan_ptr_read16(const volatile void *pointer);
BARSPAN_INLINE_ uint32_t barspan_ptr_read32(const volatile void *pointer);
BARSPAN_INLINE_ uint64_t barspan_ptr_read64(const volatile void *pointer);

BARSPAN_INLINE_ void barspan_ptr_write8(volatile void *pointer, uint8_t value);
BARSPAN_INLINE_ void barspan_ptr_write16(volatile void *pointer, uint16_t value);
BARSPAN_INLINE_ void barspan_ptr_write32(volatile void *pointer, uint32_t value);
BARSPAN_INLINE_ void barspan_ptr_write64(volatile void *pointer, uint64_t value);

/*
 * From here on: what the inline functions need, which is not for callers.
 */

/* Pages of which all that is accessed directly, or lies in no span, was seen in the present generation. An entry is the
 * page's number with the generation above it; what changes a span or its table begins a new generation. */
enum { BARSPAN_PLAIN_BITS_ = 10, BARSPAN_PLAIN_PAGE_BITS_ = 12 };

struct barspan_plain_ {
	uint64_t pages[1 << BARSPAN_PLAIN_BITS_];	/* atomic, as is the generation */
	uint64_t generation;	/* shifted to where entries have it */
};

extern struct barspan_plain_ barspan_plain_pages_;

#if defined(__SANITIZE_THREAD__)
#define BARSPAN_TSAN_ 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BARSPAN_TSAN_ 1
#endif
#endif

/*
 * An acquiring load. On x86-64 every load is one. Compilers do not fold an
 * atomic load into a comparison, but they fold this plain one, which the empty
 * asm forces them to repeat for each access.
 */
BARSPAN_INLINE_ uint64_t barspan_acquired_(uint64_t *place)
{
#if defined(__x86_64__) && !defined(BARSPAN_TSAN_)
	__asm__ __volatile__("" : "+m"(*place));
	return *place;
#else
	return __atomic_load_n(place, __ATOMIC_ACQUIRE);
#endif
}

BARSPAN_INLINE_ int barspan_is_plain_(uintptr_t address, unsigned int width)
{
	uint64_t page = address >> BARSPAN_PLAIN_PAGE_BITS_;
	uint64_t seen = barspan_acquired_(&barspan_plain_pages_.pages[page % (1 << BARSPAN_PLAIN_BITS_)]);

	return address % width == 0 && (seen ^ barspan_acquired_(&barspan_plain_pages_.generation)) == page;
}

__attribute__((cold)) uint64_t barspan_ptr_read_other_(const volatile void *pointer, unsigned int width);
__attribute__((cold)) void barspan_ptr_write_other_(volatile void *pointer, uint64_t value, unsigned int width);

#define BARSPAN_ACCESSORS_(bits)                                                                                       \
	BARSPAN_INLINE_ uint##bits##_t barspan_ptr_read##bits(const volatile void *pointer)                            \
	{                                                                                                              \
		uint##bits##_t value;                                                                                  \
                                                                                                                       \
		if (__builtin_expect(barspan_is_plain_((uintptr_t)pointer, bits / 8), 1))                              \
			value = BARSPAN_LE##bits##_(*(const volatile uint##bits##_t *)pointer);                        \
		else                                                                                                   \
			value = (uint##bits##_t)barspan_ptr_read_other_(pointer, bits / 8);                            \
		BARSPAN_AFTER_READ_();                                                                                 \
		return value;                                                                                          \
	}                                                                                                              \
                                                                                                                       \
	BARSPAN_INLINE_ void barspan_ptr_write##bits(volatile void *pointer, uint##bits##_t value)                     \
	{                                                                                                              \
		BARSPAN_BEFORE_WRITE_();                                                                               \
		if (__builtin_expect(barspan_is_plain_((uintptr_t)pointer, bits / 8), 1))                              \
			*(volatile uint##bits##_t *)pointer = BARSPAN_LE##bits##_(value);                              \
		else                                                                                                   \
			barspan_ptr_write_other_(pointer, value, bits / 8);                                            \
	}

BARSPAN_ACCESSORS_(8)
BARSPAN_ACCESSORS_(16)
BARSPAN_ACCESSORS_(32)
BARSPAN_ACCESSORS_(64)
#undef BARSPAN_ACCESSORS_

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
