/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spans: a region as one range of addresses, in which every byte that can be
 * mapped lies at its natural offset.
 */
#ifndef BARSPAN_SPAN_H
#define BARSPAN_SPAN_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/device.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct barspan;

/* Flags of barspan_map(). */
enum barspan_map_flags {
	/* Fail if an area cannot be mapped (with the error of the mapping), or
	 * if areas are malformed: past the region's end, overlapping, or
	 * overflowing (-EPROTO). Otherwise such areas are holes. */
	BARSPAN_STRICT = 1 << 0,
	/* Replace what is mapped at `address`, as MAP_FIXED does. If
	 * barspan_map() then fails, the range may be unmapped; spans that were
	 * there know. */
	BARSPAN_FIXED = 1 << 1,
	/* No span: each direct extent is mapped at an independent address.
	 * barspan_base() is NULL; accessors, queries and barspan_pointer()
	 * work. */
	BARSPAN_INDEPENDENT = 1 << 2,
};

/* Start from { .size = sizeof(struct barspan_options) }: a member that is 0 is
 * a default. */
struct barspan_options {
	size_t size; /* sizeof(struct barspan_options) */
	/* where in the region the span begins, a multiple of the page size */
	uint64_t offset;
	uint64_t length; /* how long it is; 0: to the region's end */
	void *address;	 /* requested base address, page-aligned; NULL: anywhere */
	/* of the base, a power of two; 0: the region's size, at most 1 GiB, if
	 * huge pages fit */
	size_t alignment;
	int prot;	    /* PROT_READ, PROT_WRITE or both; 0: all that the region allows */
	unsigned int flags; /* BARSPAN_STRICT ... */
	/* ranges of the region to trap although they can be mapped */
	const struct barspan_range *holes;
	size_t n_holes;
};

/* Maps region `index` of `device`. Touches no register. NULL options are the
 * defaults: all of the region, anywhere, all access that it allows. What cannot
 * be mapped is a hole, so that even a region without any mappable byte
 * succeeds. The span keeps the device open.
 *
 * With a window (offset, length) all offsets of the span's functions count from
 * the window's start, and the base is aligned so that base - offset is.
 *
 * -ENOENT: no such region, or one of size 0; -EINVAL: options that make no
 * sense; -E2BIG: options with a part that this library does not know; -ERANGE:
 * the window or a hole of the caller's is not inside the region; -EACCES: prot
 * asks for what the region's flags forbid; -EEXIST: `address` is occupied;
 * -EPROTO: what the device reports makes no sense;
 * -ENOMEM: memory or address space; -EDEADLK: called from a transport's `map`;
 * under BARSPAN_STRICT, what the mapping of an area said, -ENOMEM where the
 * process may have no more mappings (vm.max_map_count; without BARSPAN_STRICT,
 * areas beyond that are holes, and some mappings are left to the process); or
 * what the device says when asked about the region. */
int barspan_map(struct barspan **out, struct barspan_device *device, unsigned int index,
		const struct barspan_options *options);

/* Releases the span: its addresses, its hold on the device and `span` itself.
 * No access or query may be under way or come later. NULL is ignored. */
void barspan_unmap(struct barspan *span);

/* The address of offset 0; NULL with BARSPAN_INDEPENDENT. Safe anywhere. */
volatile void *barspan_base(const struct barspan *span);

/* The length of the span in bytes: that of the region or of the window. Safe
 * anywhere. */
uint64_t barspan_length(const struct barspan *span);

/* The device and the region of the span, and where in the region it begins.
 * Safe anywhere. */
struct barspan_device *barspan_device_of(const struct barspan *span);
unsigned int barspan_region_index(const struct barspan *span);
uint64_t barspan_region_offset(const struct barspan *span);

/* Makes every extent a hole, and takes the access to its mapping away, while
 * the device cannot be mapped (memory decoding off, reset, migration). The
 * mappings stay, so no other mapping can move in. Accessors and queries may run
 * at the same time: the former turn to trapped access, but one that has just
 * found its offset direct may still fault, as may a raw access; so stop those
 * first. 0 if it is suspended already. -EDEADLK: called from a transport's
 * `map`; -ENOMEM, or the error of mprotect(2): the span is as before, except
 * for extents to which access cannot be given back: those are holes until it is
 * resumed. */
int barspan_suspend(struct barspan *span);

/*
 * Gives the mappings their access back, after asking the device about each by
 * mapping it at another address. If the device refuses, the extent is a hole
 * with reason BARSPAN_REASON_FAILED, or, under BARSPAN_STRICT, the span stays
 * suspended, with that error. If no addresses are left to ask with, the extent
 * is resumed. Areas that could not be mapped before are mapped if they can be
 * now. 0 if it is not suspended.
 *
 * Still suspended: -EDEADLK: called from a transport's `map`; -ENOMEM: no
 * memory, or the span has had 16 different guard tables, all of which it keeps
 * for its readers; the error of mprotect(2); -EEXIST: the kernel failed
 * half-way when it moved an area into place, and another mapping is in the
 * span's addresses: the span stays suspended, accessors work.
 */
int barspan_resume(struct barspan *span);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
