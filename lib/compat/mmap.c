/* SPDX-License-Identifier: BSD-3-Clause */
/* The mmap(2) family for programs that do not use spans themselves. */
#include <barspan/mmap.h>

#include <errno.h>
#include <sys/mman.h>

#include "compat/private.h"
#include "span/detach.h"
#include "device/device.h"
#include "device/vfio.h"
#include "span/span-map.h"
#include "util/operation.h"
#include "span/registry.h"
#include "compat/shared-device.h"
#include "span/span.h"
#include "util/sys.h"

/* Whether a call replaces existing mappings. As in mmap(2), MAP_FIXED_NOREPLACE
 * takes precedence over MAP_FIXED. */
static bool replaces_mappings(int flags)
{
	return flags & MAP_FIXED && !(flags & MAP_FIXED_NOREPLACE);
}

/* Finds the window of a region that a mapping of a VFIO file refers to. */
static int find_window(struct barspan_device *device, size_t length, uint64_t offset,
		       unsigned int *index, struct barspan_region *region,
		       struct barspan_options *options)
{
	uint64_t page_size = sys_page_size(), pages;
	int r = vfio_find_region(device, offset, index, &options->offset);

	if (!r)
		r = vfio_recall_region(device, *index, region);
	if (r)
		return r;
	if (!length || length > SIZE_MAX - page_size || !(region->flags & BARSPAN_REGION_MMAP))
		return -EINVAL;
	pages = sys_page_up(length);
	options->length = region->size - options->offset;
	if (pages < options->length)
		options->length = pages;
	else if (pages >= options->length + page_size)
		return -EINVAL;
	options->prot &= (region->flags & BARSPAN_REGION_READ ? PROT_READ : 0) |
			 (region->flags & BARSPAN_REGION_WRITE ? PROT_WRITE : 0);
	return options->prot ? 0 : -EACCES;
}

/* The result of barspan_mmap(). */
struct mapped {
	struct span *span;
	struct span *ended; /* spans that lost their last address */
};

static int map_options(struct mapped *out, struct barspan_device *device, unsigned int index,
		       const struct barspan_options *options, const struct barspan_region *region)
{
	struct span_request request;
	int r = span_prepare(&request, device, index, options, region);

	return r ? r : span_map(&out->span, &request, &out->ended);
}

static int map_window(struct mapped *out, struct barspan_device *device, unsigned int index,
		      void *addr, int flags, struct barspan_options *options,
		      const struct barspan_region *region)
{
	bool exact = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	int r;

	options->address = addr;
	if (replaces_mappings(flags))
		options->flags = BARSPAN_FIXED;
	else if (!exact)
		/* The kernel rounds a hint down to a page and uses it if the
		 * addresses are free. */
		options->address = (void *)((uintptr_t)addr / sys_page_size() * sys_page_size());
	r = map_options(out, device, index, options, region);
	/* A hint that cannot be used is not an error, whatever the reason. */
	if (r && addr && !exact) {
		options->address = NULL;
		r = map_options(out, device, index, options, region);
	}
	return r == -ERANGE ? -EINVAL : r;
}

static int map_device(struct mapped *out, void *addr, size_t length, int prot, int flags, int fd,
		      int64_t offset)
{
	struct barspan_options options = { .size = sizeof(options),
					   .prot = prot & (PROT_READ | PROT_WRITE) };
	struct barspan_device *device;
	struct barspan_region region;
	unsigned int index;
	int r = shared_device_open(&device, fd);

	if (r)
		return r;
	r = find_window(device, length, (uint64_t)offset, &index, &region, &options);
	if (!r)
		r = map_window(out, device, index, addr, flags, &options, &region);
	if (!r)
		out->span->owner = SPAN_OF_ADDRESSES;
	barspan_device_close(device);
	return r;
}

/* Runs in one operation, so a child of fork() sees either the whole change or
 * none of it. */
static int map_vfio(void **out, void *addr, size_t length, int prot, int flags, int fd,
		    int64_t offset)
{
	int type = flags & (MAP_SHARED | MAP_PRIVATE | MAP_SHARED_VALIDATE);
	struct mapped mapped = { 0 };
	int r;

	if (offset < 0 || (type != MAP_SHARED && type != MAP_SHARED_VALIDATE))
		return -EINVAL;
	r = operation_begin();
	if (r)
		return r;
	r = map_device(&mapped, addr, length, prot, flags, fd, offset);
	if (!r)
		*out = mapped.span->base;
	operation_end();
	detach_destroy_ended(mapped.ended);
	return r;
}

static bool overlaps_spans(uintptr_t start, uintptr_t end)
{
	struct registry_range range;

	return start < end && !registry_overlap(&range, start, end);
}

/* Maps over addresses of spans. */
static int map_over_spans(void **out, void *addr, size_t length, int prot, int flags, int fd,
			  int64_t offset)
{
	uintptr_t start = (uintptr_t)addr, end = start + (uintptr_t)sys_page_up(length);
	struct detachment detachment;
	struct span *ended = NULL;
	int r = operation_begin();

	if (r)
		return r;
	r = detach_begin(&detachment, start, end,
			 flags & MAP_ANONYMOUS ? DETACH_RESERVE : DETACH_REPLACE, &ended);
	if (!r) {
		r = sys_mmap(out, addr, length, prot, flags, fd, (uint64_t)offset);
		detach_end(&detachment, r, &ended);
	}
	operation_end();
	detach_destroy_ended(ended);
	return r;
}

static int map_other(void **out, void *addr, size_t length, int prot, int flags, int fd,
		     int64_t offset)
{
	uintptr_t start = (uintptr_t)addr;
	bool both = flags & MAP_FIXED && !replaces_mappings(flags);
	int r;

	if (replaces_mappings(flags) &&
	    overlaps_spans(start, start + (uintptr_t)sys_page_up(length)))
		return map_over_spans(out, addr, length, prot, flags, fd, offset);
	r = sys_mmap(out, addr, length, prot, both ? flags & ~MAP_FIXED : flags, fd,
		     (uint64_t)offset);
	if (r || !both || *out == addr)
		return r;
	/* A kernel that lacks MAP_FIXED_NOREPLACE takes the address as a
	 * hint. */
	sys_munmap(*out, length);
	return -EEXIST;
}

void *barspan_mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)
{
	BORDER();
	bool ours = !(flags & MAP_ANONYMOUS) && prot & (PROT_READ | PROT_WRITE) &&
		    (shared_device_knows(fd) || vfio_is_device(fd));
	void *out;
	int r = ours ? map_vfio(&out, addr, length, prot, flags, fd, offset)
		     : map_other(&out, addr, length, prot, flags, fd, offset);

	if (!r)
		return out;
	border.error = -r;
	return MAP_FAILED;
}

static int unmap_from_spans(void *addr, size_t length)
{
	uintptr_t start = (uintptr_t)addr;
	struct detachment detachment;
	struct span *ended = NULL;
	int r = operation_begin();

	if (r)
		return r;
	r = detach_begin(&detachment, start, start + (uintptr_t)sys_page_up(length), DETACH_UNMAP,
			 &ended);
	if (!r) {
		r = sys_munmap(addr, length);
		if (r)
			detach_undo(&detachment);
		else
			detach_end(&detachment, 0, &ended);
	}
	operation_end();
	detach_destroy_ended(ended);
	return r;
}

int barspan_munmap(void *addr, size_t length)
{
	uintptr_t start = (uintptr_t)addr, end = start + length;
	int r;

	/* The kernel rejects an unaligned address and a range that wraps
	 * around. */
	if (start % sys_page_size() || end < start || end > UINTPTR_MAX - sys_page_size() ||
	    !overlaps_spans(start, (uintptr_t)sys_page_up(end))) {
		r = sys_munmap(addr, length);
	} else {
		BORDER();

		r = unmap_from_spans(addr, length);
	}
	if (!r)
		return 0;
	errno = -r;
	return -1;
}

/* The arguments of mremap(2), with lengths in whole pages. */
struct move {
	void *from, *to;
	size_t from_length, to_length;
	int flags;
};

static uintptr_t taken_start(const struct move *move)
{
	uintptr_t from = (uintptr_t)move->from;

	/* Shrinking in place unmaps only the end. */
	if (!(move->flags & MREMAP_FIXED) && move->to_length <= move->from_length)
		return from + (uintptr_t)move->to_length;
	return from;
}

/*
 * Since Linux 6.17 mremap(2) moves a range with a gap, and leaves the mapping
 * at the gap's destination in place. In a span that would leave a hole that can
 * be read. Older kernels fail with EFAULT, and so do these functions.
 */
static bool has_gap(const struct move *move)
{
	return move->from_length && move->flags & MREMAP_FIXED &&
	       !sys_is_mapped(move->from, move->from_length);
}

/* Whether the kernel rejects the arguments before it changes anything. */
static bool is_invalid(const struct move *move)
{
	uintptr_t from = (uintptr_t)move->from, to = (uintptr_t)move->to;
	size_t page_size = sys_page_size();

	if (from % page_size || !move->to_length)
		return true;
	return move->flags & MREMAP_FIXED &&
	       (to % page_size || !(move->flags & MREMAP_MAYMOVE) ||
		(from < to + move->to_length && to < from + move->from_length));
}

static int move_detached(void **out, const struct move *move, struct detachment *source,
			 struct span **ended)
{
	struct detachment target = { .before = { .fd = -1 } };
	uintptr_t to = (uintptr_t)move->to;
	int r = 0;

	if (move->flags & MREMAP_FIXED)
		r = detach_begin(&target, to, to + (uintptr_t)move->to_length, DETACH_REPLACE,
				 ended);
	if (r) {
		source->keeps_detours = target.is_lost;
		detach_undo(source);
		return r;
	}
	r = sys_mremap(out, move->from, move->from_length, move->to_length, move->flags, move->to);
	detach_end(&target, r, ended);
	source->keeps_detours = target.is_lost;
	/* The mapping grew in place. */
	if (!r && *out == move->from && move->to_length > move->from_length)
		detach_undo(source);
	else
		detach_end(source, r, ended);
	return r;
}

static int move_from_spans(void **out, const struct move *move)
{
	uintptr_t end = (uintptr_t)move->from + (uintptr_t)move->from_length;
	struct detachment source;
	struct span *ended = NULL;
	int r;

	if (is_invalid(move))
		return -EINVAL;
	if (has_gap(move))
		return -EFAULT;
	r = operation_begin();
	if (r)
		return r;
	r = detach_begin(&source, taken_start(move), end, DETACH_MOVE, &ended);
	if (!r)
		r = move_detached(out, move, &source, &ended);
	detach_keep_living(&ended);
	operation_end();
	detach_destroy_ended(ended);
	return r;
}

static bool moves_spans(const struct move *move)
{
	uintptr_t from_end = (uintptr_t)move->from + (uintptr_t)move->from_length,
		  to = (uintptr_t)move->to;

	return overlaps_spans((uintptr_t)move->from, from_end) ||
	       (move->flags & MREMAP_FIXED && overlaps_spans(to, to + (uintptr_t)move->to_length));
}

void *barspan_mremap_(void *old_addr, size_t old_length, size_t new_length, int flags,
		      void *new_addr)
{
	BORDER();
	const struct move move = {
		.from = old_addr,
		.from_length = (size_t)sys_page_up(old_length),
		.to = new_addr,
		.to_length = (size_t)sys_page_up(new_length),
		.flags = flags,
	};
	void *moved;
	int r;

	if (moves_spans(&move))
		r = move_from_spans(&moved, &move);
	else
		r = sys_mremap(&moved, old_addr, old_length, new_length, flags, new_addr);
	if (!r)
		return moved;
	border.error = -r;
	return MAP_FAILED;
}

/* Changes the access of the parts of [start, end) outside of spans. Fails if a
 * span in the range has another access. */
static int protect_around(uintptr_t start, uintptr_t end, int prot)
{
	struct registry_range range;
	int r = 0;

	for (uintptr_t at = start; at < end && !registry_overlap(&range, at, end); at = range.end)
		if (to_span(range.span)->prot != prot)
			return -EACCES;
	while (!r && start < end) {
		bool more = !registry_overlap(&range, start, end);
		uintptr_t stop = more ? range.start : end;

		if (stop > start)
			r = sys_mprotect((void *)start, stop - start, prot);
		start = more ? (uintptr_t)sys_page_up(range.end) : end;
	}
	return r;
}

int barspan_mprotect_(void *addr, size_t length, int prot)
{
	uintptr_t start = (uintptr_t)addr, end = start + (uintptr_t)sys_page_up(length);
	int r;

	/* Changing the access of a whole range would make holes readable as
	 * zeros. */
	if (start % sys_page_size() || !overlaps_spans(start, end))
		r = sys_mprotect(addr, length, prot);
	else
		r = protect_around(start, end, prot);
	if (!r)
		return 0;
	errno = -r;
	return -1;
}
