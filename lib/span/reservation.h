/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reserved addresses, and how they stay the library's own.
 *
 * A reservation is PROT_NONE, anonymous and marked, which means excluded from
 * core dumps. Areas are mapped over parts of it with MAP_FIXED, which replaces
 * a mapping atomically if it succeeds. If it fails, the kernel has either
 * changed nothing, or it removed that part before it asked the device. In the
 * second case another thread's mapping may be there by now.
 * reservation_reclaim() distinguishes these cases:
 *
 *   - MAP_FIXED_NOREPLACE succeeds: all of the range was unmapped, and is
 *     reserved again.
 *   - It fails, and the range still forms one mapping with a neighbour page
 *     that is known to be reserved: the reservation is untouched. The kernel
 *     never merges another mapping with a marked one, since mmap() does not
 *     mark mappings. The owner of the other mapping would have to mark it with
 *     madvise() at the same moment. operation_lock excludes other threads of
 *     the library.
 *   - Otherwise the range is lost. It must not be unmapped, and a span that
 *     needs it must not be returned.
 *
 * None of this reads /proc, except under valgrind.
 */
#ifndef RESERVATION_H
#define RESERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lengths are whole pages. */
struct reservation_request {
	size_t length;
	size_t alignment;    /* a power of two, at least a page; only without an address */
	uint64_t phase;	     /* the base modulo the alignment */
	bool with_neighbour; /* reserve at least one page more; only without an address */
	void *address;	     /* NULL: anywhere */
	bool replace;	     /* replace the mappings at the address */
};

/* `base` is inside; the bytes around the requested length are slack. */
struct reservation {
	uint8_t *start; /* NULL: nothing is reserved */
	size_t length;
	uint8_t *base;
	bool is_unlocked; /* does not count against RLIMIT_MEMLOCK after mlockall(MCL_FUTURE) */
};

/* -EEXIST: the address is occupied; -ENOMEM; or the kernel's error. */
int reservation_create(struct reservation *out, const struct reservation_request *request);

/* Unmaps the slack around `length` bytes at the base. Changes nothing on
 * failure. */
int reservation_trim(struct reservation *reservation, size_t length);

/* Makes the kernel stop counting the reservation as locked memory. Returns
 * whether this changed anything. */
bool reservation_unlock(struct reservation *reservation);

/*
 * Restores a range of a reservation after mapping over it has failed. Returns
 * whether all of the range is reserved again. `neighbour` is a page that
 * touches the range and is known to be reserved. If it is NULL, the function
 * tries to map a page beside the range; if both sides are occupied, even an
 * untouched range counts as lost.
 */
bool reservation_reclaim(uint8_t *address, size_t length, uint8_t *neighbour);

/* Whether all of a range is reserved, if a part of it is known to be. */
bool reservation_is_whole(uint8_t *start, size_t length);

/* Whether all of a range is reserved. Maps an adjacent page to test it; returns
 * false if both adjacent pages are occupied. */
bool reservation_is_intact(uint8_t *address, size_t length);

/* Unmaps addresses that belong to the library. Logs an error if the kernel
 * refuses. */
void reservation_release(uint8_t *address, size_t length);

/* Whether the process may create n more mappings (vm.max_map_count), found out
 * by creating them. */
bool map_count_allows(size_t n);

#endif
