/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Register accessors by address, for drivers that compute addresses. See
 * barspan-porting(7).
 */
#ifndef BARSPAN_PTR_H
#define BARSPAN_PTR_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/io.h>

BARSPAN_BEGIN_DECLS_

/*
 * Accessors with the signatures of readl() and writel(). In a span they behave
 * as the accessors of <barspan/io.h> in width, order, byte order and failure
 * (see barspan_take_error()). Elsewhere they are a load or store in the
 * device's byte order. An access that begins in a span and exceeds it fails
 * with -ERANGE.
 */
BARSPAN_INLINE_ uint8_t barspan_ptr_read8(const volatile void *pointer);
BARSPAN_INLINE_ uint16_t barspan_ptr_read16(const volatile void *pointer);
BARSPAN_INLINE_ uint32_t barspan_ptr_read32(const volatile void *pointer);
BARSPAN_INLINE_ uint64_t barspan_ptr_read64(const volatile void *pointer);

BARSPAN_INLINE_ void barspan_ptr_write8(volatile void *pointer, uint8_t value);
BARSPAN_INLINE_ void barspan_ptr_write16(volatile void *pointer, uint16_t value);
BARSPAN_INLINE_ void barspan_ptr_write32(volatile void *pointer, uint32_t value);
BARSPAN_INLINE_ void barspan_ptr_write64(volatile void *pointer, uint64_t value);

/* The same in the device's byte order, little-endian, and without barriers:
 * replacements for plain loads and stores, and for __raw_readl(). */
BARSPAN_INLINE_ uint8_t barspan_ptr_read8_raw(const volatile void *pointer);
BARSPAN_INLINE_ uint16_t barspan_ptr_read16_raw(const volatile void *pointer);
BARSPAN_INLINE_ uint32_t barspan_ptr_read32_raw(const volatile void *pointer);
BARSPAN_INLINE_ uint64_t barspan_ptr_read64_raw(const volatile void *pointer);

BARSPAN_INLINE_ void barspan_ptr_write8_raw(volatile void *pointer, uint8_t value);
BARSPAN_INLINE_ void barspan_ptr_write16_raw(volatile void *pointer, uint16_t value);
BARSPAN_INLINE_ void barspan_ptr_write32_raw(volatile void *pointer, uint32_t value);
BARSPAN_INLINE_ void barspan_ptr_write64_raw(volatile void *pointer, uint64_t value);

BARSPAN_END_DECLS_

#if !defined(BARSPAN_NO_INLINE) || defined(BARSPAN_OUT_OF_LINE_)
#include <barspan/inline/ptr.h>
#endif

#endif
