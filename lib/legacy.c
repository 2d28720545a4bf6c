/* SPDX-License-Identifier: BSD-3-Clause */
#include <barspan/legacy.h>

#include <endian.h>
#include <errno.h>
#include <sys/mman.h>

#include "carve.h"
#include "device.h"
#include "io.h"
#include "plain.h"
#include "registry.h"
#include "span.h"
#include "sys.h"
#include "vfio-name.h"

/* A device on a descriptor of its own, so that the caller's may be closed. */
static int open_device(struct barspan_device **out, int fd)
{
	int own = sys_dup(fd), r;
	char name[VFIO_NAME_LENGTH];

	if (own < 0)
		return own;
	vfio_find_name(name, fd);
	r = vfio_open(out, own, name);
	if (r)
		sys_close(own);
	else
		(*out)->owned[0] = own;
	return r;
}

/* The window of a region that a mapping is of, in the kernel's terms: pages of the file. */
static int find_window(struct barspan_device *device, size_t length, uint64_t offset, unsigned int *index,
		       struct barspan_options *options)
{
	uint64_t page_size = sys_page_size(), pages;
	struct barspan_region region;
	int r = vfio_find_region(device, offset, index, &options->offset);

	if (!r)
		r = barspan_device_region(device, *index, &region);
	if (r)
		return r;
	if (!length || length > SIZE_MAX - page_size || !(region.flags & BARSPAN_REGION_MMAP))
		return -EINVAL;
	pages = sys_page_up(length);
	options->length = region.size - options->offset;
	if (pages < options->length)
		options->length = pages;
	else if (pages >= options->length + page_size)
		return -EINVAL;
	options->prot &= (region.flags & BARSPAN_REGION_READ ? PROT_READ : 0) |
			 (region.flags & BARSPAN_REGION_WRITE ? PROT_WRITE : 0);
	return options->prot ? 0 : -EACCES;
}

static int map_window(struct barspan **out, struct barspan_device *device, unsigned int index, void *addr, int flags,
		      struct barspan_options *options)
{
	int r;

	options->address = addr;
	if (flags & MAP_FIXED)
		options->flags = BARSPAN_FIXED;
	else if (!(flags & MAP_FIXED_NOREPLACE))
		/* A hint: rounded as the kernel does, and taken where that is free. */
		options->address = (void *)((uintptr_t)addr / sys_page_size() * sys_page_size());
	r = barspan_map(out, device, index, options);
	/* A hint that cannot be taken is no mistake, whatever the reason. */
	if (r && addr && !(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
		options->address = NULL;
		r = barspan_map(out, device, index, options);
	}
	return r == -ERANGE ? -EINVAL : r;
}

static int map_device(void **out, void *addr, size_t length, int prot, int flags, int fd, int64_t offset)
{
	struct barspan_options options = { .size = sizeof(options), .prot = prot & (PROT_READ | PROT_WRITE) };
	int type = flags & (MAP_SHARED | MAP_PRIVATE | MAP_SHARED_VALIDATE);
	struct barspan_device *device;
	struct barspan *span;
	unsigned int index;
	int r;

	if (offset < 0 || (type != MAP_SHARED && type != MAP_SHARED_VALIDATE))
		return -EINVAL;
	r = open_device(&device, fd);
	if (r)
		return r;
	r = find_window(device, length, (uint64_t)offset, &index, &options);
	if (!r)
		r = map_window(&span, device, index, addr, flags, &options);
	barspan_device_close(device);
	if (r)
		return r;
	span_of(span)->owned_by_addresses = true;
	*out = (void *)(uintptr_t)barspan_base(span);
	return 0;
}

static int map_other(void **out, void *addr, size_t length, int prot, int flags, int fd, int64_t offset)
{
	int r = sys_mmap(out, addr, length, prot, flags, fd, (uint64_t)offset);

	/* MAP_FIXED may have taken addresses of spans. */
	if (!r && flags & MAP_FIXED)
		carve_done((uintptr_t)*out, (uintptr_t)*out + (uintptr_t)sys_page_up(length));
	return r;
}

void *barspan_mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)
{
	bool ours = !(flags & MAP_ANONYMOUS) && prot & (PROT_READ | PROT_WRITE) && vfio_is_device(fd);
	void *out;
	int r = ours ? map_device(&out, addr, length, prot, flags, fd, offset) :
		       map_other(&out, addr, length, prot, flags, fd, offset);

	if (!r)
		return out;
	errno = -r;
	return MAP_FAILED;
}

int barspan_munmap(void *addr, size_t length)
{
	size_t page_size = sys_page_size();
	uintptr_t start = (uintptr_t)addr, end;
	int r;

	/* What munmap() refuses changes nothing. */
	if (start % page_size || !length || __builtin_add_overflow(start, length, &end) ||
	    end > UINTPTR_MAX - page_size)
		r = -EINVAL;
	else
		r = carve(start, start + (uintptr_t)sys_page_up(length));
	if (!r)
		r = sys_munmap(addr, length);
	if (!r)
		return 0;
	errno = -r;
	return -1;
}

void *barspan_mremap(void *old_addr, size_t old_length, size_t new_length, int flags, void *new_addr)
{
	uintptr_t old = (uintptr_t)old_addr;
	void *moved;
	int r = sys_remap(&moved, old_addr, old_length, new_length, flags, new_addr);

	if (r) {
		errno = -r;
		return MAP_FAILED;
	}
	old_length = (size_t)sys_page_up(old_length);
	new_length = (size_t)sys_page_up(new_length);
	if (moved != old_addr)
		carve_done(old, old + old_length);
	else if (new_length < old_length)
		carve_done(old + new_length, old + old_length);
	if (flags & MREMAP_FIXED)
		carve_done((uintptr_t)moved, (uintptr_t)moved + new_length);
	return moved;
}

/* Changes the access to what of [start, end) is in no span, where none that it is in has another. */
static int protect_around(uintptr_t start, uintptr_t end, int prot)
{
	struct registry_range range;
	int r = 0;

	for (uintptr_t at = start; at < end && !registry_overlap(&range, at, end); at = range.end)
		if (span_of(range.span)->prot != prot)
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

int barspan_mprotect(void *addr, size_t length, int prot)
{
	uintptr_t start = (uintptr_t)addr, end = start + (uintptr_t)sys_page_up(length);
	struct registry_range range;
	int r;

	/* Access to a whole range would let holes be read as zeros. */
	if (start % sys_page_size() || end <= start || registry_overlap(&range, start, end))
		r = sys_mprotect(addr, length, prot);
	else
		r = protect_around(start, end, prot);
	if (!r)
		return 0;
	errno = -r;
	return -1;
}

struct barspan *barspan_find(const volatile void *pointer, uint64_t *offset)
{
	struct registry_range range;

	if (registry_find(&range, (uintptr_t)pointer))
		return NULL;
	if (offset)
		*offset = range.offset + ((uintptr_t)pointer - range.start);
	return range.span;
}

/* Remembers a page of which every byte is accessed directly, and may be read and written. */
static void remember(uintptr_t address, const struct registry_range *range, uint64_t generation)
{
	const uintptr_t size = (uintptr_t)1 << BARSPAN_PLAIN_PAGE_BITS_;
	uintptr_t page = address / size * size;
	struct registry_range other;

	if (!range) {
		if (registry_overlap(&other, page, page + size))
			plain_remember(address, generation);
		return;
	}

	const struct barspan_guard_ *guard = barspan_guard_of_(range->span);

	if (page >= range->start && page + size <= range->end && guard->read_end && guard->write_end &&
	    barspan_address_(guard, range->offset + (page - range->start), size))
		plain_remember(address, generation);
}

uint64_t barspan_ptr_read_other_(const volatile void *pointer, unsigned int width)
{
	uint64_t generation = plain_generation(), value = 0;
	uintptr_t address = (uintptr_t)pointer;
	struct registry_range range;

	if (!registry_find(&range, address)) {
		value = barspan_read_other_(range.span, range.offset + (address - range.start), width);
		remember(address, &range, generation);
		return value;
	}
	io_load((uint8_t *)&value, address, width);
	remember(address, NULL, generation);
	return le64toh(value);
}

void barspan_ptr_write_other_(volatile void *pointer, uint64_t value, unsigned int width)
{
	uint64_t generation = plain_generation(), bytes = htole64(value);
	uintptr_t address = (uintptr_t)pointer;
	struct registry_range range;

	if (!registry_find(&range, address)) {
		barspan_write_other_(range.span, range.offset + (address - range.start), value, width);
		remember(address, &range, generation);
		return;
	}
	io_store(address, (const uint8_t *)&bytes, width);
	remember(address, NULL, generation);
}
