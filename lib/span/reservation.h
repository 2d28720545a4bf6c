/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reserved addresses, and how they stay the library's own.
 *
 * A reservation is PROT_NONE, anonymous, and marked: left out of core dumps.
 * Areas are mapped over parts of it with MAP_FIXED, which is atomic while it
 * succeeds. If it fails, the kernel may have removed that part before it asked
 * the device, and another thread's mapping may be there by now; or it refused
 * before it touched anything. reservation_reclaim() tells the cases apart:
 *
 *   - MAP_FIXED_NOREPLACE succeeds: all of the range was a gap, and is ours
 *     again.
 *   - It does not, and the range is still one mapping with a neighbour page,
 *     which is known to be ours: the reservation is untouched. Another mapping
 *     is never joined with a marked one, since mmap() makes none that is
 *     marked. Its owner would have to mark it with madvise() in the same
 *     moment. Other threads of the library are kept out by operation_lock.
 *   - Otherwise the range is lost. It must not be unmapped, and no span that
 *     needs it may be returned.
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
	size_t alignment;    /* a power of two, at least a page; without an address */
	uint64_t phase;	     /* the base modulo the alignment */
	bool with_neighbour; /* at least one page more than the length; without an address */
	void *address;	     /* NULL: anywhere */
	bool replace;	     /* whatever is at the address */
};

/* `base` lies inside; the rest is slack. */
struct reservation {
	uint8_t *start; /* NULL: nothing is reserved */
	size_t length;
	uint8_t *base;
	bool is_unlocked; /* not counted against RLIMIT_MEMLOCK after mlockall(MCL_FUTURE) */
};

/* -EEXIST: the address is occupied; -ENOMEM; or the kernel's error. */
int reservation_create(struct reservation *out, const struct reservation_request *request);

/* Unmaps the slack around `length` bytes at the base. On failure all is as
 * before. */
int reservation_trim(struct reservation *reservation, size_t length);

/* Makes the kernel stop counting it as locked memory. Returns whether that
 * changed anything. */
bool reservation_unlock(struct reservation *reservation);

/*
 * After mapping over a range of a reservation has failed: whether all of it is
 * reserved again. `neighbour` is a page that touches the range and is reserved
 * for certain; NULL: there is none, and a page beside the range is tried. If
 * both are occupied, an untouched range counts as lost.
 */
bool reservation_reclaim(uint8_t *address, size_t length, uint8_t *neighbour);

/* Whether a range, part of which is reserved for certain, is all reserved. */
bool reservation_is_whole(uint8_t *start, size_t length);

/* Whether a range is one reservation, or a part of one, found out with a page
 * beside it. False if both are occupied. */
bool reservation_is_intact(uint8_t *address, size_t length);

/* Unmaps addresses that are ours. If the kernel refuses, the log is told;
 * nothing else can be done. */
void reservation_release(uint8_t *address, size_t length);

/* Whether the kernel lets the process have n mappings more (vm.max_map_count);
 * found out by making them. */
bool map_count_allows(size_t n);

#endif
