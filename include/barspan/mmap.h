/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drop-in functions for drivers that map a whole BAR with one mmap() and
 * compute addresses. See barspan-porting(7).
 */
#ifndef BARSPAN_MMAP_H
#define BARSPAN_MMAP_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/span.h>

BARSPAN_BEGIN_DECLS_

/* As mmap(2), but a mapping of a VFIO device becomes a span: areas are at their
 * natural offsets, and all other bytes are holes, whereas mmap(2) would fail
 * with EINVAL. Supports address hints, MAP_FIXED, MAP_FIXED_NOREPLACE (which
 * takes precedence) and windows of a region. `fd` may be closed afterwards; the
 * library duplicates it once for all spans of the same open file description.
 * The span lives until barspan_munmap(), or barspan_mmap() with MAP_FIXED, has
 * taken all of its addresses.
 *
 * A VFIO descriptor is recognised by its link in /proc/self/fd; others go to
 * mmap(2). PROT_EXEC, and access that the region does not allow, are removed
 * from `prot`; PROT_NONE goes to mmap(2). A MAP_FIXED that fails may have
 * unmapped the previous mappings, as in mmap(2).
 *
 * Returns MAP_FAILED on failure and sets errno as mmap(2) does. EINVAL: also
 * for a region that cannot be mapped at all, a window that is not inside one
 * region, and MAP_PRIVATE; EACCES: the region allows no access in `prot`; or an
 * error of barspan_map() such as EPROTO. Thread-safe; not for signal
 * handlers. */
void *barspan_mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset);

/* As munmap(2), for any range: whole spans, parts of spans, or other mappings.
 * The unmapped offsets of a span become holes (BARSPAN_REASON_REQUESTED), and
 * their addresses are free. Nothing changes on failure. */
int barspan_munmap(void *addr, size_t length);

/* Finds the span that contains an address and stores the offset from the span's
 * start in *offset (may be NULL). Returns NULL if no span does. Takes time
 * logarithmic in the number of spans and no lock; safe anywhere. The caller
 * must ensure that no other thread unmaps the span while it is used. */
struct barspan *barspan_find(const volatile void *pointer, uint64_t *offset);

BARSPAN_END_DECLS_

#endif
