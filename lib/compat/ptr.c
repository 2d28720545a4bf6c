/* SPDX-License-Identifier: BSD-3-Clause */
/* barspan_find() and the slow path of accessors by address. */
#include <barspan/mmap.h>
#include <barspan/ptr.h>

#include <endian.h>

#include "span/io.h"
#include "span/ptr-cache.h"
#include "span/registry.h"
#include "span/span.h"

struct barspan *barspan_find(const volatile void *pointer, uint64_t *offset)
{
	struct registry_range range;

	if (registry_find(&range, (uintptr_t)pointer))
		return NULL;
	if (offset)
		*offset = range.offset + ((uintptr_t)pointer - range.start);
	return range.span;
}

/* Whether every byte of a page is accessed directly: it is in one direct
 * extent, or (range NULL) in no span. */
static bool is_direct_page(uintptr_t page, uintptr_t size, const struct registry_range *range,
			   const struct barspan_guard_ *guard)
{
	struct registry_range other;

	if (!range)
		return registry_overlap(&other, page, page + size);
	return page >= range->start && page + size <= range->end &&
	       barspan_address_(guard, range->offset + (page - range->start), size);
}

static void cache_page(uintptr_t address, const struct registry_range *range, uint64_t generation)
{
	const uintptr_t size = (uintptr_t)1 << BARSPAN_PTR_PAGE_BITS_;
	const struct barspan_guard_ *guard = range ? span_table(range->span) : NULL;

	if (!is_direct_page(address / size * size, size, range, guard))
		return;
	if (!guard || guard->read_end)
		ptr_cache_insert(address, false, generation);
	if (!guard || guard->write_end)
		ptr_cache_insert(address, true, generation);
}

uint64_t barspan_ptr_read_slow_(const volatile void *pointer, unsigned int width)
{
	uint64_t generation = ptr_cache_generation(), value = 0;
	uintptr_t address = (uintptr_t)pointer;
	struct registry_range range;

	if (!registry_find(&range, address)) {
		value = barspan_read_slow_(range.span, range.offset + (address - range.start),
					   width);
		cache_page(address, &range, generation);
		return value;
	}
	io_load((uint8_t *)&value, address, width);
	cache_page(address, NULL, generation);
	return le64toh(value);
}

void barspan_ptr_write_slow_(volatile void *pointer, uint64_t value, unsigned int width)
{
	uint64_t generation = ptr_cache_generation(), bytes = htole64(value);
	uintptr_t address = (uintptr_t)pointer;
	struct registry_range range;

	if (!registry_find(&range, address)) {
		barspan_write_slow_(range.span, range.offset + (address - range.start), value,
				    width);
		cache_page(address, &range, generation);
		return;
	}
	io_store(address, (const uint8_t *)&bytes, width);
	cache_page(address, NULL, generation);
}
