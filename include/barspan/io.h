/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Register accessors that work on every offset of a span: direct where it is mapped, trapped where it is a hole.
 *
 * Offsets count from the start of the span. Values are in the host's byte order; the device's is little-endian (PCI
 * Local Bus Specification 3.0, section 3.1). No call locks or allocates; all may be made from any thread, and
 * from a signal handler when the device is a VFIO device or a software device without hooks.
 *
 * Width. A naturally aligned access is one access of that width: one load or store where it is direct, one
 * pread or pwrite of that length where it is a hole. Behind the latter, vfio-pci serves 1, 2 and 4 bytes as one access;
 * 8 bytes it may split into two of 4, the lower offset first, as Linux 6.1 always does; on a 32-bit machine a
 * direct 64-bit access is split likewise. Any other access, unaligned or across an edge between direct and hole, is
 * made of naturally aligned pieces, low offsets first, with no promise that they happen together.
 *
 * Failure. barspan_read8() to barspan_read64() then return all ones, as PCI does, and the writes are lost; in both
 * cases barspan_error() tells. An access that goes past the end touches nothing.
 *     -ERANGE: past the end of the span; -EACCES: the span's prot or the region's flags forbid it; else what the
 *     device says, such as -EIO where memory decoding is off, or -ENODEV where it is gone.
 *
 * Ordering. The plain accessors order like the kernel's readl() and writel(): what precedes a write in program order is
 * visible to the device's DMA before the write is, what follows a read happens after it, and accesses to one
 * device by one thread stay in order. The barriers that this takes are made around trapped accesses, too.
 *     x86-64, i386: none but the compiler's. A store to a write-combining mapping (not what VFIO gives for BARs) is not
 *         ordered.
 *     arm64: dmb oshst before a write, dmb oshld after a read.   riscv: fence w,o and fence i,ir.
 *     others: a full barrier on both sides.
 * The _relaxed ones keep only the order among accesses to the same device by one thread, without barriers: of a
 * row of writes only the first needs to be a plain one, of a row of reads only the last.
 */
#ifndef BARSPAN_IO_H
#define BARSPAN_IO_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/guard.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

BARSPAN_INLINE_ uint8_t barspan_read8(struct barspan *span, uint64_t offset);
BARSPAN_INLINE_ uint16_t barspan_read16(struct barspan *span, uint64_t offset);
BARSPAN_INLINE_ uint32_t barspan_read32(struct barspan *span, uint64_t offset);
BARSPAN_INLINE_ uint64_t barspan_read64(struct barspan *span, uint64_t offset);

BARSPAN_INLINE_ void barspan_write8(struct barspan *span, uint64_t offset, uint8_t value);
BARSPAN_INLINE_ void barspan_write16(struct barspan *span, uint64_t offset, uint16_t value);
BARSPAN_INLINE_ void barspan_write32(struct barspan *span, uint64_t offset, uint32_t value);
BARSPAN_INLINE_ void barspan_write64(struct barspan *span, uint64_t offset, uint64_t value);

BARSPAN_INLINE_ uint8_t barspan_read8_relaxed(struct barspan *span, uint64_t offset);
BARSPAN_INLINE_ uint16_t barspan_read16_relaxed(struct barspan *span, uint64_t offset);
BARSPAN_INLINE_ uint32_t barspan_read32_relaxed(struct barspan *span, uint64_t offset);
BARSPAN_INLINE_ uint64_t barspan_read64_relaxed(struct barspan *span, uint64_t offset);

BARSPAN_INLINE_ void barspan_write8_relaxed(struct barspan *span, uint64_t offset, uint8_t value);
BARSPAN_INLINE_ void barspan_write16_relaxed(struct barspan *span, uint64_t offset, uint16_t value);
BARSPAN_INLINE_ void barspan_write32_relaxed(struct barspan *span, uint64_t offset, uint32_t value);
BARSPAN_INLINE_ void barspan_write64_relaxed(struct barspan *span, uint64_t offset, uint64_t value);

/* Reads or writes any range, in the device's byte order: the direct parts with the widest naturally aligned accesses,
 * up to the size of a pointer, the holes with one trapped access each. An empty range that is not past the end
 * succeeds. -ERANGE, with nothing touched, or the first failed part's error: the parts before it are done, and of
 * `buffer` only they are changed. Does not show up in barspan_error(). Ordered as a whole like the accessors. */
int barspan_read(struct barspan *span, uint64_t offset, void *buffer, size_t length);
int barspan_write(struct barspan *span, uint64_t offset, const void *buffer, size_t length);

/* The first error of an accessor, or of an access that the trap served, since the last call, for all threads together,
 * and clears it; 0: there was none. */
int barspan_error(struct barspan *span);

/*
 * From here on: the inline bodies.
 */

#if defined(__x86_64__) || defined(__i386__)
#define BARSPAN_AFTER_READ_() __asm__ __volatile__("" ::: "memory")
#define BARSPAN_BEFORE_WRITE_() __asm__ __volatile__("" ::: "memory")
#elif defined(__aarch64__)
#define BARSPAN_AFTER_READ_() __asm__ __volatile__("dmb oshld" ::: "memory")
#define BARSPAN_BEFORE_WRITE_() __asm__ __volatile__("dmb oshst" ::: "memory")
#elif defined(__riscv)
#define BARSPAN_AFTER_READ_() __asm__ __volatile__("fence i,ir" ::: "memory")
#define BARSPAN_BEFORE_WRITE_() __asm__ __volatile__("fence w,o" ::: "memory")
#else
#define BARSPAN_AFTER_READ_() __sync_synchronize()
#define BARSPAN_BEFORE_WRITE_() __sync_synchronize()
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BARSPAN_LE8_(value) (value)
#define BARSPAN_LE16_(value) __builtin_bswap16(value)
#define BARSPAN_LE32_(value) __builtin_bswap32(value)
#define BARSPAN_LE64_(value) __builtin_bswap64(value)
#else
#define BARSPAN_LE8_(value) (value)
#define BARSPAN_LE16_(value) (value)
#define BARSPAN_LE32_(value) (value)
#define BARSPAN_LE64_(value) (value)
#endif

/* Every access that is not an aligned direct one. `width` is in bytes. */
__attribute__((cold)) uint64_t barspan_read_other_(struct barspan *span, uint64_t offset, unsigned int width);
__attribute__((cold)) void barspan_write_other_(struct barspan *span, uint64_t offset, uint64_t value,
						unsigned int width);

/*
 * Whether an aligned access that starts before `end` is to a slice that is all
 * direct at the table's base.
 */
BARSPAN_INLINE_ bool barspan_is_plain_slice_(const struct barspan_guard_ *guard, uint64_t end,
					     uint64_t offset)
{
	if (__builtin_expect(offset >= end, 0))
		return false;
	return __builtin_expect(
		barspan_slots_(guard)[offset >> guard->shift].more == BARSPAN_PLAIN_SLICE_, 1);
}

/*
 * The address of any other aligned access that is direct; 0: it is not. Loads
 * the table again, to keep nothing for this search in the registers of the fast
 * path.
 */
BARSPAN_INLINE_ uintptr_t barspan_readable_(const struct barspan *span, uint64_t offset, unsigned int width)
{
	const struct barspan_guard_ *guard = barspan_guard_of_(span);

	return guard->read_end ? barspan_address_(guard, offset, width) : 0;
}

BARSPAN_INLINE_ uintptr_t barspan_writable_(const struct barspan *span, uint64_t offset, unsigned int width)
{
	const struct barspan_guard_ *guard = barspan_guard_of_(span);

	return guard->write_end ? barspan_address_(guard, offset, width) : 0;
}

#define BARSPAN_AT_(bits, address) (*(volatile uint##bits##_t *)(address))

#define BARSPAN_ACCESSORS_(bits)                                                                                       \
	BARSPAN_INLINE_ uint##bits##_t barspan_read##bits##_relaxed(struct barspan *span, uint64_t offset)             \
	{                                                                                                              \
		uintptr_t address = 0;                                                                                 \
		const struct barspan_guard_ *guard;                                                                    \
                                                                                                                       \
		if (__builtin_expect(offset % (bits / 8) == 0, 1)) {                                                   \
			guard = barspan_guard_of_(span);                                                               \
			if (barspan_is_plain_slice_(guard, guard->read_end, offset))                                   \
				return BARSPAN_LE##bits##_(BARSPAN_AT_(bits, guard->base + (uintptr_t)offset));        \
			address = barspan_readable_(span, offset, bits / 8);                                           \
		}                                                                                                      \
		if (!address)                                                                                          \
			return (uint##bits##_t)barspan_read_other_(span, offset, bits / 8);                            \
		return BARSPAN_LE##bits##_(BARSPAN_AT_(bits, address));                                                \
	}                                                                                                              \
                                                                                                                       \
	BARSPAN_INLINE_ void barspan_write##bits##_relaxed(struct barspan *span, uint64_t offset, uint##bits##_t value)\
	{                                                                                                              \
		uintptr_t address = 0;                                                                                 \
		const struct barspan_guard_ *guard;                                                                    \
                                                                                                                       \
		if (__builtin_expect(offset % (bits / 8) == 0, 1)) {                                                   \
			guard = barspan_guard_of_(span);                                                               \
			if (barspan_is_plain_slice_(guard, guard->write_end, offset)) {                                \
				BARSPAN_AT_(bits, guard->base + (uintptr_t)offset) = BARSPAN_LE##bits##_(value);       \
				return;                                                                                \
			}                                                                                              \
			address = barspan_writable_(span, offset, bits / 8);                                           \
		}                                                                                                      \
		if (!address)                                                                                          \
			barspan_write_other_(span, offset, value, bits / 8);                                           \
		else                                                                                                   \
			BARSPAN_AT_(bits, address) = BARSPAN_LE##bits##_(value);                                       \
	}                                                                                                              \
                                                                                                                       \
	BARSPAN_INLINE_ uint##bits##_t barspan_read##bits(struct barspan *span, uint64_t offset)                       \
	{                                                                                                              \
		uint##bits##_t value = barspan_read##bits##_relaxed(span, offset);                                     \
                                                                                                                       \
		BARSPAN_AFTER_READ_();                                                                                 \
		return value;                                                                                          \
	}                                                                                                              \
                                                                                                                       \
	BARSPAN_INLINE_ void barspan_write##bits(struct barspan *span, uint64_t offset, uint##bits##_t value)          \
	{                                                                                                              \
		BARSPAN_BEFORE_WRITE_();                                                                               \
		barspan_write##bits##_relaxed(span, offset, value);                                                    \
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
