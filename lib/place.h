/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reservations of addresses, and how they stay the library's own.
 *
 * A reservation is PROT_NONE, anonymous, and marked: left out of core dumps. An area is mapped over a part of it with
 * MAP_FIXED, which is atomic while it succeeds. When it fails, the kernel may have removed that part of the reservation
 * before it asked the device, and another thread's mapping may be there by now; or it may have refused before it
 * touched anything. place_retake() tells the cases apart:
 *
 *   - MAP_FIXED_NOREPLACE succeeds: all of it was a gap, and is ours again.
 *   - It does not, and all of the range is mapped anonymously, without access, and marked: that is our reservation,
 *     untouched. A mapping of somebody else's cannot look like this, since mmap() makes no anonymous mapping that is
 *     marked; its owner would have to mark it with madvise() in the same moment. The library's own threads, who do just
 *     that, are kept out by place_lock().
 *   - Anything else: the range is lost. It must not be unmapped, and nothing that needs it can be handed out.
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place_wish {
	size_t length;		/* whole pages, as are all lengths here */
	size_t alignment;	/* a power of two, at least a page; where there is no address */
	uint64_t phase;		/* what the address shall be modulo the alignment */
	void *address;		/* NULL: anywhere */
	bool replace;		/* what is at the address */
};

/* To be held from a reservation's making until all that belongs into it is there. -EDEADLK: this thread holds it. */
int place_lock(void);
void place_unlock(void);

/* Makes a reservation. -EEXIST: the address is occupied; -ENOMEM; or what the kernel says. */
int place_reserve(uint8_t **out, const struct place_wish *wish);

/* After mapping over a range that was ours has failed: whether it is ours, and without access, again. What was there is
 * a reservation, or, where `suspended`, perhaps a device's mapping without access. That of another thread would then
 * have to be without access, too, and of a device whose driver marks it. */
bool place_retake(uint8_t *address, size_t length, bool suspended);

/* Whether the kernel has no more than a few mappings left to give to this process (vm.max_map_count). */
bool place_exhausted(void);

/* Unmaps what is ours. A kernel that refuses that is reported to the log; there is no more to be done. */
void place_release(uint8_t *address, size_t length);

#endif
