/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Register accessors for all offsets of a span: direct if the offset is mapped,
 * trapped if it is in a hole.
 *
 * Offsets count from the start of the span. Values are in the host's byte
 * order; the device's is little-endian (PCI Local Bus Specification 3.0,
 * section 3.1). No function locks or allocates. All may be called from any
 * thread, and from a signal handler if the device is a VFIO device or a
 * software device without hooks.
 *
 * Width. A naturally aligned access is one access of that width: one load or
 * store if direct, one pread or pwrite in a hole. For the latter vfio-pci makes
 * one access of 1, 2 or 4 bytes; it may split 8 bytes into two accesses of 4,
 * the lower offset first, as Linux 6.1 always does. A 32-bit machine splits a
 * direct 64-bit access likewise. Other accesses, unaligned or across an edge
 * between direct and hole, are split into naturally aligned ones, low offsets
 * first, and are not atomic.
 *
 * Failure. barspan_read8() to barspan_read64() then return all ones, as PCI
 * does, and a write has no effect. Call barspan_take_error() to detect a
 * failure. An access past the end of the span touches nothing.
 *     -ERANGE: past the end of the span; -EACCES: forbidden by the span's prot
 *     or the region's flags; or the device's error, such as -EIO while memory
 *     decoding is off, or -ENODEV after removal.
 *
 * Ordering. The plain accessors order as the kernel's readl() and writel() do:
 * memory writes before a register write in program order are visible to the
 * device's DMA before it; memory accesses after a register read happen after
 * it; and accesses to one device by one thread stay in order. Trapped accesses
 * have the same barriers.
 *     x86-64, i386: compiler barriers only. A store to a write-combining
 *     mapping is not ordered; VFIO does not map BARs like that.
 *     arm64: dmb oshst before a write, dmb oshld after a read.
 *     riscv: fence w,o and fence i,ir. Others: a full barrier on both sides.
 * The _relaxed accessors have no barriers; they keep only the order of accesses
 * to one device by one thread. In a sequence of writes only the first needs to
 * be a plain one, in a sequence of reads only the last.
 */
#ifndef BARSPAN_IO_H
#define BARSPAN_IO_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/guard.h>

BARSPAN_BEGIN_DECLS_

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

/* Accessors that return the error of this access: 0, and for a read *value is
 * set; or the error with *value unchanged. barspan_take_error() does not report
 * it. Ordered as the accessors above. */
BARSPAN_INLINE_ int barspan_try_read8(struct barspan *span, uint64_t offset, uint8_t *value);
BARSPAN_INLINE_ int barspan_try_read16(struct barspan *span, uint64_t offset, uint16_t *value);
BARSPAN_INLINE_ int barspan_try_read32(struct barspan *span, uint64_t offset, uint32_t *value);
BARSPAN_INLINE_ int barspan_try_read64(struct barspan *span, uint64_t offset, uint64_t *value);

BARSPAN_INLINE_ int barspan_try_write8(struct barspan *span, uint64_t offset, uint8_t value);
BARSPAN_INLINE_ int barspan_try_write16(struct barspan *span, uint64_t offset, uint16_t value);
BARSPAN_INLINE_ int barspan_try_write32(struct barspan *span, uint64_t offset, uint32_t value);
BARSPAN_INLINE_ int barspan_try_write64(struct barspan *span, uint64_t offset, uint64_t value);

/* Read or write any range, in the device's byte order. Direct parts are
 * accessed with the widest naturally aligned accesses up to the size of a
 * pointer, and each hole with one trapped access. An empty range inside the
 * span succeeds. The whole range is ordered as one plain access.
 * barspan_take_error() does not report failures.
 * -ERANGE, with nothing touched; or the error of the first part that failed:
 * the parts before it are done, and the rest of `buffer` is unchanged. */
int barspan_read(struct barspan *span, uint64_t offset, void *buffer, size_t length);
int barspan_write(struct barspan *span, uint64_t offset, const void *buffer, size_t length);

/* Returns and clears the span's first error since the last call, of an accessor
 * in any thread or of an access that the trap served; 0 if there was none.
 * *offset (may be NULL) becomes the offset of the failed access, and is
 * unchanged without an error. */
int barspan_take_error(struct barspan *span, uint64_t *offset);

BARSPAN_END_DECLS_

#if !defined(BARSPAN_NO_INLINE) || defined(BARSPAN_OUT_OF_LINE_)
#include <barspan/inline/io.h>
#endif

#endif
