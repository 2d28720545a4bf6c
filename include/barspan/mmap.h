/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The drop-in: for drivers that map a whole BAR with one mmap() and then
 * compute addresses. See barspan-porting(7).
 */
#ifndef BARSPAN_MMAP_H
#define BARSPAN_MMAP_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/span.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* As mmap(2), and mmap(2) itself for a descriptor that is not a VFIO device's.
 * For one that is, the range may have holes: it is made a span, in which each
 * area lies at its natural offset, where mmap(2) would fail with EINVAL. Takes
 * address hints, MAP_FIXED, MAP_FIXED_NOREPLACE (which wins if both are given)
 * and windows of a region. The library duplicates the descriptor, once for all
 * spans of the same open file, and `fd` may be closed. A span lives until
 * barspan_munmap(), or a MAP_FIXED of barspan_mmap(), has taken all of its
 * addresses.
 *
 * A descriptor is known for a VFIO device's by its link in /proc/self/fd. Of
 * `prot`, what the region does not allow is left out, and PROT_EXEC is;
 * PROT_NONE is left to mmap(2). A MAP_FIXED that fails may have unmapped what
 * was there, as mmap(2)'s own does.
 *
 * MAP_FAILED, with errno as mmap(2) sets it: EINVAL also for a region that
 * cannot be mapped at all, for a window that is not inside one region, and for
 * MAP_PRIVATE; EACCES for a region that allows nothing of `prot`; and what
 * barspan_map() says, such as EPROTO, which mmap(2) never does. Thread-safe;
 * not for signal handlers. */
void *barspan_mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset);

/* As munmap(2), for any range: whole spans, parts of spans, or other mappings.
 * A part that is unmapped is no part of its span any more: its offsets are
 * holes (BARSPAN_REASON_REQUESTED), and its addresses are nobody's. If it
 * fails, nothing has changed. */
int barspan_munmap(void *addr, size_t length);

/* The span that an address lies in, with its offset from the span's start
 * (`offset` may be NULL); NULL: in none. Takes a time logarithmic in the number
 * of spans, no lock, and is safe anywhere. The span is valid until it is
 * unmapped; the caller must ensure that no other thread does that meanwhile. */
struct barspan *barspan_find(const volatile void *pointer, uint64_t *offset);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
