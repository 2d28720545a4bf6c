/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spans: a region as one address range, in which every byte that can be mapped
 * is at its natural offset.
 */
#ifndef BARSPAN_SPAN_H
#define BARSPAN_SPAN_H

#include <stddef.h>
#include <stdint.h>

#include <barspan/device.h>

BARSPAN_BEGIN_DECLS_

struct barspan;

/* Flags of barspan_map(). */
enum barspan_map_flags {
	/* Fail if an area cannot be mapped (with the error of the mapping), or
	 * if areas are malformed: past the region's end, overlapping, or
	 * overflowing 64 bits (-EPROTO). Otherwise such areas are holes. */
	BARSPAN_STRICT = 1 << 0,
	/* Replace the mappings at `address`, as MAP_FIXED does. If
	 * barspan_map() fails, the range may be unmapped; spans that lost
	 * addresses treat them as holes. */
	BARSPAN_FIXED = 1 << 1,
	/* Map each direct extent at an independent address. barspan_base() is
	 * NULL; accessors, queries and barspan_pointer() work. */
	BARSPAN_INDEPENDENT = 1 << 2,
};

/* Start from { .size = sizeof(struct barspan_options) }; a member that is 0 has
 * its default value. */
struct barspan_options {
	size_t size; /* sizeof(struct barspan_options) */
	/* start of the window in the region, a multiple of the page size */
	uint64_t offset;
	uint64_t length; /* of the window in bytes; 0: to the region's end */
	void *address;	 /* requested base address, page-aligned; NULL: any */
	/* of the base, a power of two; 0: the size of the region, at most 1
	 * GiB, if huge pages fit */
	size_t alignment;
	int prot;	    /* PROT_READ, PROT_WRITE or both; 0: all that the region allows */
	unsigned int flags; /* BARSPAN_STRICT ... */
	/* ranges of the region to trap even if they can be mapped */
	const struct barspan_range *holes;
	size_t n_holes;
};

/* Maps region `index` of `device`. Does not touch any register. NULL options
 * mean the defaults: the whole region, at any address, with all access that it
 * allows. Bytes that cannot be mapped are holes; a region without a mappable
 * byte becomes a span of one hole. The span holds a reference to the device.
 *
 * With a window (offset, length), offsets in all functions of the span count
 * from the window's start, and the base is chosen to align base - offset.
 *
 * -ENOENT: no such region, or it has size 0; -EINVAL: an option has an invalid
 * value or contradicts another (the log names both); -E2BIG: options with a
 * nonzero part that this library does not know; -ERANGE: the window or a
 * requested hole is not inside the region; -EACCES: the region's flags forbid
 * prot; -EEXIST: `address` is occupied; -EPROTO: the device's description of
 * the region is malformed; -ENOMEM: out of memory or addresses; -EDEADLK:
 * called in a transport's `map`; or the device's error in describing the
 * region. With BARSPAN_STRICT, the error of mapping an area, or -ENOMEM if the
 * process has no mappings left (vm.max_map_count); without it the remaining
 * areas are holes, and some mappings are left to the process. */
int barspan_map(struct barspan **out, struct barspan_device *device, unsigned int index,
		const struct barspan_options *options);

/* Unmaps and frees the span and releases the device. No access or query may be
 * in progress or follow. NULL is ignored. */
void barspan_unmap(struct barspan *span);

/* The address of offset 0; NULL with BARSPAN_INDEPENDENT. Safe anywhere. */
volatile void *barspan_base(const struct barspan *span);

/* The length of the span in bytes. Safe anywhere. */
uint64_t barspan_length(const struct barspan *span);

/* The span's device, its region, and its start in the region. Safe anywhere. */
struct barspan_device *barspan_device_of(const struct barspan *span);
unsigned int barspan_region_index(const struct barspan *span);
uint64_t barspan_region_offset(const struct barspan *span);

/* Makes every extent a hole and removes access from its mapping, for a time in
 * which the device cannot be accessed directly (memory decoding off, reset,
 * migration). The mappings stay, so no other mapping can take the addresses.
 * Accessors and queries may run at the same time and use trapped accesses from
 * then on. A raw access, or an accessor that has just found its offset direct,
 * may still fault, so stop these first. Returns 0 if the span is already
 * suspended.
 * -EDEADLK: called in a transport's `map`; -ENOMEM, or the error of
 * mprotect(2): the span is unchanged, except that extents whose access cannot
 * be restored are holes until a resume. */
int barspan_suspend(struct barspan *span);

/*
 * Restores access to the mappings. First asks the device about each one by
 * mapping it at another address. If the device refuses, the extent becomes a
 * hole with BARSPAN_REASON_FAILED; with BARSPAN_STRICT the span stays suspended
 * and the error is returned. If no addresses are left to ask, the extent is
 * resumed. Areas that could not be mapped before are tried again. Returns 0 if
 * the span is not suspended.
 *
 * On failure the span stays suspended. -EDEADLK: called in a transport's `map`;
 * -ENOMEM: out of memory, or the span has had 16 different guard tables, which
 * are kept for concurrent readers; the error of mprotect(2); -EEXIST: the
 * kernel failed halfway through moving an area into place, and another mapping
 * occupies addresses of the span: it stays suspended, and accessors work.
 */
int barspan_resume(struct barspan *span);

BARSPAN_END_DECLS_

#endif
