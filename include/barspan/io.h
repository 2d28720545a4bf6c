/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Register accessors that work on every offset of a span: direct where it is
 * mapped, trapped where it is a hole.
 *
 * Offsets count from the start of the span. Values are in the host's byte
 * order; the device's is little-endian (PCI Local Bus Specification 3.0,
 * section 3.1). No call locks or allocates; all may be made from any thread,
 * and from a signal handler when the device is a VFIO device or a software
 * device without hooks.
 *
 * Width. A naturally aligned access is one access of that width: one load or
 * store where it is direct, one pread or pwrite of that length where it is a
 * hole. Behind the latter, vfio-pci serves 1, 2 and 4 bytes as one access; 8
 * bytes it may split into two of 4, the lower offset first, as Linux 6.1 always
 * does; on a 32-bit machine a direct 64-bit access is split likewise. Any other
 * access, unaligned or across an edge between direct and hole, is made of
 * naturally aligned pieces, low offsets first, with no promise that they happen
 * together.
 *
 * Failure. barspan_read8() to barspan_read64() then return all ones, as PCI
 * does, and the writes are lost; in both cases barspan_take_error() tells. An
 * access that goes past the end touches nothing.
 *     -ERANGE: past the end of the span; -EACCES: the span's prot or the
 *     region's flags forbid it; else what the device says, such as -EIO where
 *     memory decoding is off, or -ENODEV where it is gone.
 *
 * Ordering. The plain accessors order like the kernel's readl() and writel():
 * what precedes a write in program order is visible to the device's DMA before
 * the write is, what follows a read happens after it, and accesses to one
 * device by one thread stay in order. The barriers that this takes are made
 * around trapped accesses, too.
 *     x86-64, i386: none but the compiler's. A store to a write-combining
 *     mapping (not what VFIO gives for BARs) is not
 *         ordered.
 *     arm64: dmb oshst before a write, dmb oshld after a read.   riscv: fence w,o and fence i,ir.
 *     others: a full barrier on both sides.
 * The _relaxed ones keep only the order among accesses to the same device by
 * one thread, without barriers: of a row of writes only the first needs to be a
 * plain one, of a row of reads only the last.
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

/* Accesses that return their own failure: 0, with *value read or `value`
 * written, or the error, with *value unchanged. barspan_take_error() does not
 * return it. Ordered as the accessors above. */
BARSPAN_INLINE_ int barspan_try_read8(struct barspan *span, uint64_t offset, uint8_t *value);
BARSPAN_INLINE_ int barspan_try_read16(struct barspan *span, uint64_t offset, uint16_t *value);
BARSPAN_INLINE_ int barspan_try_read32(struct barspan *span, uint64_t offset, uint32_t *value);
BARSPAN_INLINE_ int barspan_try_read64(struct barspan *span, uint64_t offset, uint64_t *value);

BARSPAN_INLINE_ int barspan_try_write8(struct barspan *span, uint64_t offset, uint8_t value);
BARSPAN_INLINE_ int barspan_try_write16(struct barspan *span, uint64_t offset, uint16_t value);
BARSPAN_INLINE_ int barspan_try_write32(struct barspan *span, uint64_t offset, uint32_t value);
BARSPAN_INLINE_ int barspan_try_write64(struct barspan *span, uint64_t offset, uint64_t value);

/* Reads or writes any range, in the device's byte order: the direct parts with
 * the widest naturally aligned accesses, up to the size of a pointer, the holes
 * with one trapped access each. An empty range that is not past the end
 * succeeds. -ERANGE, with nothing touched, or the first failed part's error:
 * the parts before it are done, and of `buffer` only they are changed. Does not
 * show up in barspan_take_error(). Ordered as a whole like the accessors. */
int barspan_read(struct barspan *span, uint64_t offset, void *buffer, size_t length);
int barspan_write(struct barspan *span, uint64_t offset, const void *buffer, size_t length);

/* The first error of an accessor, or of an access that the trap served, since
 * the last call, for all threads together, and clears it; 0: there was none.
 * *offset (may be NULL) is the offset of the access that failed, and unchanged
 * if none did. */
int barspan_take_error(struct barspan *span, uint64_t *offset);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#if !defined(BARSPAN_NO_INLINE) || defined(BARSPAN_OUT_OF_LINE_)
#include <barspan/inline/io.h>
#endif

#endif
