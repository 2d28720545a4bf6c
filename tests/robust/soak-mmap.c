/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps with the drop-in: over, under and across spans, and beside them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compat/private.h"
#include "support/harness.h"
#include "soak.h"

static int foreign_file = -1;
static uint64_t foreign_inode;

/* Opens a file whose contents never change. */
void soak_foreign_file_open(void)
{
	struct stat status;

	foreign_file = memfd_create("foreign", MFD_CLOEXEC);
	SOAK_EXPECT(foreign_file >= 0 && !ftruncate(foreign_file, 1 << 20) &&
			    !fstat(foreign_file, &status),
		    "no memory");
	foreign_inode = status.st_ino;
}

static void begin_range(const void *address, size_t pages)
{
	soak_trouble.start = (uintptr_t)address;
	soak_trouble.end = (uintptr_t)address + pages * soak_page;
}

/* Chooses MAP_FIXED, MAP_FIXED_NOREPLACE, both, a hint or no address. */
static int choose_flags(uint8_t **address, size_t pages)
{
	switch (soak_random(6)) {
	case 0:
		*address = soak_place_over(pages);
		return soak_without(SOAK_REPLACE) ? MAP_FIXED_NOREPLACE : MAP_FIXED;
	case 1:
		*address = soak_free_place(pages);
		return *address ? MAP_FIXED : 0;
	case 2:
		*address = soak_place_over(pages);
		return MAP_FIXED_NOREPLACE;
	case 3:
		*address = soak_place_over(pages);
		return soak_without(SOAK_BOTH_FLAGS) ? MAP_FIXED_NOREPLACE
						     : MAP_FIXED | MAP_FIXED_NOREPLACE;
	case 4:
		*address = soak_any_place(pages);
		return 0;
	default:
		*address = soak_free_place(pages);
		return *address ? MAP_FIXED_NOREPLACE : 0;
	}
}

static bool replaces_mappings(int flags)
{
	return (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == MAP_FIXED;
}

/* Updates the model after a call that may have replaced the range. */
static void settle_call(void *got, uint8_t *address, size_t pages, int flags, const char *what)
{
	uintptr_t start = (uintptr_t)address, end = start + pages * soak_page;

	if (got == MAP_FAILED) {
		if (replaces_mappings(flags))
			soak_settle(start, end, what);
		return;
	}
	/* valgrind treats the address of MAP_FIXED_NOREPLACE as a hint. */
	SOAK_EXPECT(got == address || !(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) ||
			    (harness_instrumented() && !replaces_mappings(flags)),
		    "%s maps at %p instead of %p", what, got, (void *)address);
	if (replaces_mappings(flags))
		soak_gone(start, end);
}

/* Chooses a window of the simulated device; its last page may be a partial
 * one. */
static void choose_window(struct soak_mapping *mapping)
{
	const struct soak_region *region;
	size_t pages;

	memset(mapping, 0, sizeof(*mapping));
	mapping->device = SOAK_VFIO;
	mapping->region = (int)soak_random(SOAK_REGIONS);
	region = &soak_devices[mapping->device].regions[mapping->region];
	pages = (size_t)((region->size + soak_page - 1) / soak_page);
	if (soak_chance(2))
		mapping->options.offset = soak_random(pages) * soak_page;
	mapping->pages = pages - (size_t)(mapping->options.offset / soak_page);
	if (soak_chance(2))
		mapping->pages = 1 + soak_random(mapping->pages);
	mapping->length = mapping->pages * soak_page;
	if (mapping->length > region->size - mapping->options.offset)
		mapping->length = region->size - mapping->options.offset;
	mapping->options.prot = soak_chance(3) ? PROT_READ : PROT_READ | PROT_WRITE;
	if (!(region->flags & BARSPAN_REGION_WRITE))
		mapping->options.prot = PROT_READ;
}

/* If the library does not recognise a device's descriptor, it calls mmap(2). */
static void note_raw(const struct soak_mapping *mapping, void *got, size_t length)
{
	const struct soak_region *region = &soak_devices[mapping->device].regions[mapping->region];
	const struct soak_foreign page = {
		.content = SOAK_RAW,
		.prot = mapping->options.prot,
		.shared = true,
		.inode = region->inode,
		.offset = region->file_offset + mapping->options.offset,
	};

	SOAK_EXPECT(soak_trouble.any, "a VFIO device was not recognised");
	soak_foreign_add(got, (length + soak_page - 1) / soak_page, &page);
}

static void note_mapped(const struct soak_mapping *mapping, void *got, size_t length)
{
	struct barspan *span = barspan_find(got, NULL);
	struct soak_span *entry;

	if (!span) {
		note_raw(mapping, got, length);
		return;
	}
	SOAK_EXPECT(barspan_base(span) == got, "barspan_find() says that the span is at %p, not %p",
		    (void *)(uintptr_t)barspan_base(span), got);
	entry = soak_mapping_note(mapping, span);
	entry->by_mmap = true;
}

void soak_do_mmap_device(void)
{
	struct soak_mapping mapping;
	const struct soak_region *region;
	uint8_t *address;
	size_t length;
	int flags;
	void *got;

	if (soak_span_count() > SOAK_SPANS / 2)
		return;
	choose_window(&mapping);
	region = &soak_devices[mapping.device].regions[mapping.region];
	length = soak_chance(4) ? (size_t)mapping.length : mapping.pages * soak_page;
	flags = choose_flags(&address, mapping.pages);
	soak_trace("mmap device region %d window 0x%" PRIx64 "+0x%zx at %p prot %d flags 0x%x",
		   mapping.region, mapping.options.offset, length, (void *)address,
		   mapping.options.prot, flags);
	soak_trouble_begin(&soak_devices[mapping.device].regions[mapping.region], FAKE_MMAP);
	if (replaces_mappings(flags))
		begin_range(address, mapping.pages);
	errno = 0;
	got = barspan_mmap(address, length, mapping.options.prot, MAP_SHARED | flags,
			   soak_devices[mapping.device].fd,
			   (int64_t)(region->file_offset + mapping.options.offset));
	soak_trace("  = %p, errno %d", got, errno);
	soak_trouble_end();
	settle_call(got, address, mapping.pages, flags, "barspan_mmap() of a device");
	if (got != MAP_FAILED)
		note_mapped(&mapping, got, length);
	else
		SOAK_EXPECT(soak_trouble.any || !(region->flags & BARSPAN_REGION_MMAP) ||
				    flags & MAP_FIXED_NOREPLACE,
			    "barspan_mmap() of a device fails without a cause");
}

static void note_foreign(void *got, size_t pages, int prot, int flags, uint64_t offset)
{
	struct soak_foreign page = { .content = SOAK_ANON, .prot = prot };

	if (!(flags & MAP_ANONYMOUS)) {
		page.content = SOAK_FILE;
		page.inode = foreign_inode;
		page.offset = offset;
		page.shared = flags & MAP_SHARED;
	}
	soak_foreign_add(got, pages, &page);
	soak_foreign_fill((uintptr_t)got, pages);
}

void soak_do_mmap_other(void)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
				     PROT_READ | PROT_WRITE };
	size_t pages = 1 + soak_random(12);
	int prot = prots[soak_random(4)], flags;
	bool anonymous = !soak_chance(3);
	uint64_t offset = anonymous ? 0 : soak_random(200) * soak_page;
	uint8_t *address;
	void *got;

	if (soak_n_foreign > SOAK_FOREIGN / 4)
		return;
	flags = choose_flags(&address, pages);
	flags |= anonymous	  ? MAP_PRIVATE | MAP_ANONYMOUS
		 : soak_chance(2) ? MAP_SHARED
				  : MAP_PRIVATE;
	soak_trace("mmap other %zu pages at %p prot %d flags 0x%x", pages, (void *)address, prot,
		   flags);
	soak_trouble_begin(NULL, FAKE_MMAP);
	if (replaces_mappings(flags))
		begin_range(address, pages);
	got = barspan_mmap(address, pages * soak_page, prot, flags, anonymous ? -1 : foreign_file,
			   (int64_t)offset);
	soak_trace("  = %p, errno %d", got, errno);
	soak_trouble_end();
	settle_call(got, address, pages, flags, "barspan_mmap()");
	if (got != MAP_FAILED)
		note_foreign(got, pages, prot, flags, offset);
	else
		SOAK_EXPECT(soak_trouble.any || flags & MAP_FIXED_NOREPLACE,
			    "barspan_mmap() fails without a cause");
}

void soak_do_munmap(void)
{
	size_t pages = 1 + soak_random(soak_chance(2) ? 3 : 40);
	uint8_t *address = soak_place_over(pages);
	int r;

	soak_trace("munmap %zu pages at %p", pages, (void *)address);
	soak_trouble_begin(NULL, FAKE_MUNMAP);
	begin_range(address, pages);
	r = barspan_munmap(address, pages * soak_page - (soak_chance(4) ? 100 : 0));
	soak_trace("  = %d", r);
	soak_trouble_end();
	SOAK_EXPECT(!r || soak_trouble.any, "barspan_munmap() fails without a cause: errno %d",
		    errno);
	/* A call that fails changes nothing: the model stays, and the next
	 * check compares. */
	if (!r)
		soak_gone((uintptr_t)address, (uintptr_t)address + pages * soak_page);
}

static void note_protected(uintptr_t start, uintptr_t end, int prot)
{
	for (size_t i = 0; i < soak_n_foreign; i++)
		if (soak_foreign[i].address >= start && soak_foreign[i].address < end)
			soak_foreign[i].prot = prot;
}

/* A failed call may have changed the first pages, which valgrind does not
 * notice. Repeat the call on these pages. */
static void note_half_protected(uintptr_t start, uintptr_t end, int prot)
{
	soak_maps_read();
	for (size_t i = 0; i < soak_n_foreign; i++) {
		struct soak_foreign *page = &soak_foreign[i];
		const struct soak_map *map = soak_map_at(page->address);

		if (page->address < start || page->address >= end || !map || map->prot != prot)
			continue;
		page->prot = prot;
		if (harness_instrumented())
			mprotect((void *)page->address, soak_page, prot);
	}
}

/* Whether the range contains a span that does not permit this protection. */
static bool is_denied(uintptr_t start, uintptr_t end, int prot)
{
	for (int i = 0; i < SOAK_SPANS; i++)
		for (size_t j = 0; soak_spans[i].span && j < soak_spans[i].pages; j++) {
			const struct soak_span *span = &soak_spans[i];
			uintptr_t at = span->at[j];

			if (at >= start && at < end && !span->gone[j] && span->prot != prot)
				return true;
		}
	return false;
}

void soak_do_mprotect(void)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	size_t pages = 1 + soak_random(soak_chance(2) ? 3 : 30);
	uint8_t *address = soak_place_over(pages);
	uintptr_t start = (uintptr_t)address, end = start + pages * soak_page;
	int prot = prots[soak_random(3)], r;
	bool denied = is_denied(start, end, prot);

	soak_trace("mprotect %zu pages at %p prot %d%s", pages, (void *)address, prot,
		   denied ? ", denied" : "");
	soak_trouble_begin(NULL, FAKE_MPROTECT);
	errno = 0;
	r = barspan_mprotect_(address, pages * soak_page, prot);
	soak_trace("  = %d, errno %d", r, errno);
	soak_trouble_end();
	if (denied)
		SOAK_EXPECT(r == -1 && errno == EACCES,
			    "barspan_mprotect_() of a span: %d, errno %d", r, errno);
	else if (r)
		note_half_protected(start, end, prot);
	else
		note_protected(start, end, prot);
	soak_foreign_fill(start, pages);
}
