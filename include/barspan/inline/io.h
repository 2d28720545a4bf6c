/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of accessors. Not for callers, see inline/guard.h. */
#ifndef BARSPAN_INLINE_IO_H
#define BARSPAN_INLINE_IO_H

#include <barspan/io.h>

BARSPAN_BEGIN_DECLS_

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

/*
 * One load or store of device memory. On arm64 the instruction has a base
 * register alone. If the device is emulated by a hypervisor, a form with
 * writeback, which compilers make of loops, has no valid syndrome, and cannot be
 * emulated (DDI 0487, ISS encoding for a Data Abort, ISV).
 */
#if defined(__aarch64__)
#define BARSPAN_DEVICE_ACCESS_(bits, suffix, operand) \
	BARSPAN_HELPER_ uint##bits##_t barspan_load##bits##_(uintptr_t address) \
	{ \
		uint##bits##_t value; \
\
		__asm__ __volatile__("ldr" suffix " %" operand "0, [%1]" \
				     : "=r"(value) \
				     : "r"(address)); \
		return value; \
	} \
\
	BARSPAN_HELPER_ void barspan_store##bits##_(uintptr_t address, uint##bits##_t value) \
	{ \
		__asm__ __volatile__("str" suffix " %" operand "0, [%1]" \
				     : \
				     : "r"(value), "r"(address)); \
	}

BARSPAN_DEVICE_ACCESS_(8, "b", "w")
BARSPAN_DEVICE_ACCESS_(16, "h", "w")
BARSPAN_DEVICE_ACCESS_(32, "", "w")
BARSPAN_DEVICE_ACCESS_(64, "", "x")
#undef BARSPAN_DEVICE_ACCESS_
#define BARSPAN_LOAD_(bits, address) barspan_load##bits##_(address)
#define BARSPAN_STORE_(bits, address, value) barspan_store##bits##_(address, value)
#else
#define BARSPAN_LOAD_(bits, address) (*(const volatile uint##bits##_t *)(address))
#define BARSPAN_STORE_(bits, address, value) \
	((void)(*(volatile uint##bits##_t *)(address) = (value)))
#endif

/* The slow path: all accesses but aligned direct ones. `width` is in bytes. */
__attribute__((cold)) uint64_t barspan_read_slow_(struct barspan *span, uint64_t offset,
						  unsigned int width);
__attribute__((cold)) void barspan_write_slow_(struct barspan *span, uint64_t offset,
					       uint64_t value, unsigned int width);

/*
 * Whether an aligned access that starts before `end` is in a slice that is
 * all direct at the table's base.
 */
BARSPAN_HELPER_ bool barspan_is_plain_slice_(const struct barspan_guard_ *guard, uint64_t end,
					     uint64_t offset)
{
	if (__builtin_expect(offset >= end, 0))
		return false;
	return __builtin_expect(
		barspan_slots_(guard)[offset >> guard->shift].more == BARSPAN_PLAIN_SLICE_, 1);
}

/*
 * The address of any other aligned access if it is direct, else 0. Loads the
 * table again, since keeping values for this search would take registers from
 * the fast path.
 */
BARSPAN_HELPER_ uintptr_t barspan_readable_(const struct barspan *span, uint64_t offset,
					    unsigned int width)
{
	const struct barspan_guard_ *guard = barspan_guard_of_(span);

	return guard->read_end ? barspan_address_(guard, offset, width) : 0;
}

BARSPAN_HELPER_ uintptr_t barspan_writable_(const struct barspan *span, uint64_t offset,
					    unsigned int width)
{
	const struct barspan_guard_ *guard = barspan_guard_of_(span);

	return guard->write_end ? barspan_address_(guard, offset, width) : 0;
}

#define BARSPAN_ACCESSORS_(bits) \
	BARSPAN_INLINE_ uint##bits##_t barspan_read##bits##_relaxed(struct barspan *span, \
								    uint64_t offset) \
	{ \
		uintptr_t address = 0; \
		const struct barspan_guard_ *guard; \
\
		if (__builtin_expect(offset % (bits / 8) == 0, 1)) { \
			guard = barspan_guard_of_(span); \
			if (barspan_is_plain_slice_(guard, guard->read_end, offset)) \
				return BARSPAN_LE##bits##_( \
					BARSPAN_LOAD_(bits, guard->base + (uintptr_t)offset)); \
			address = barspan_readable_(span, offset, bits / 8); \
		} \
		if (!address) \
			return (uint##bits##_t)barspan_read_slow_(span, offset, bits / 8); \
		return BARSPAN_LE##bits##_(BARSPAN_LOAD_(bits, address)); \
	} \
\
	BARSPAN_INLINE_ void barspan_write##bits##_relaxed(struct barspan *span, uint64_t offset, \
							   uint##bits##_t value) \
	{ \
		uintptr_t address = 0; \
		const struct barspan_guard_ *guard; \
\
		if (__builtin_expect(offset % (bits / 8) == 0, 1)) { \
			guard = barspan_guard_of_(span); \
			if (barspan_is_plain_slice_(guard, guard->write_end, offset)) { \
				BARSPAN_STORE_(bits, guard->base + (uintptr_t)offset, \
					       BARSPAN_LE##bits##_(value)); \
				return; \
			} \
			address = barspan_writable_(span, offset, bits / 8); \
		} \
		if (!address) \
			barspan_write_slow_(span, offset, value, bits / 8); \
		else \
			BARSPAN_STORE_(bits, address, BARSPAN_LE##bits##_(value)); \
	} \
\
	BARSPAN_INLINE_ uint##bits##_t barspan_read##bits(struct barspan *span, uint64_t offset) \
	{ \
		uint##bits##_t value = barspan_read##bits##_relaxed(span, offset); \
\
		BARSPAN_AFTER_READ_(); \
		return value; \
	} \
\
	BARSPAN_INLINE_ void barspan_write##bits(struct barspan *span, uint64_t offset, \
						 uint##bits##_t value) \
	{ \
		BARSPAN_BEFORE_WRITE_(); \
		barspan_write##bits##_relaxed(span, offset, value); \
	}

BARSPAN_ACCESSORS_(8)
BARSPAN_ACCESSORS_(16)
BARSPAN_ACCESSORS_(32)
BARSPAN_ACCESSORS_(64)
#undef BARSPAN_ACCESSORS_

/* Accessors that return their own error. */
__attribute__((cold)) int barspan_try_read_slow_(struct barspan *span, uint64_t offset,
						 uint64_t *value, unsigned int width);
__attribute__((cold)) int barspan_try_write_slow_(struct barspan *span, uint64_t offset,
						  uint64_t value, unsigned int width);

#define BARSPAN_TRY_(bits) \
	BARSPAN_INLINE_ int barspan_try_read##bits(struct barspan *span, uint64_t offset, \
						   uint##bits##_t *value) \
	{ \
		uintptr_t address = 0; \
		uint64_t wide; \
		int r = 0; \
\
		if (__builtin_expect(offset % (bits / 8) == 0, 1)) \
			address = barspan_readable_(span, offset, bits / 8); \
		if (__builtin_expect(address != 0, 1)) { \
			*value = BARSPAN_LE##bits##_(BARSPAN_LOAD_(bits, address)); \
		} else { \
			r = barspan_try_read_slow_(span, offset, &wide, bits / 8); \
			if (!r) \
				*value = (uint##bits##_t)wide; \
		} \
		BARSPAN_AFTER_READ_(); \
		return r; \
	} \
\
	BARSPAN_INLINE_ int barspan_try_write##bits(struct barspan *span, uint64_t offset, \
						    uint##bits##_t value) \
	{ \
		uintptr_t address = 0; \
\
		BARSPAN_BEFORE_WRITE_(); \
		if (__builtin_expect(offset % (bits / 8) == 0, 1)) \
			address = barspan_writable_(span, offset, bits / 8); \
		if (__builtin_expect(address == 0, 0)) \
			return barspan_try_write_slow_(span, offset, value, bits / 8); \
		BARSPAN_STORE_(bits, address, BARSPAN_LE##bits##_(value)); \
		return 0; \
	}

BARSPAN_TRY_(8)
BARSPAN_TRY_(16)
BARSPAN_TRY_(32)
BARSPAN_TRY_(64)
#undef BARSPAN_TRY_

BARSPAN_END_DECLS_

#endif
