/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps with accessors, foreign memory and child processes. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/harness.h"
#include "soak.h"

static uint64_t read_by(struct barspan *span, uint64_t offset, unsigned int width,
			volatile void *pointer)
{
	switch (width) {
	case 1:
		return pointer ? barspan_ptr_read8(pointer) : barspan_read8(span, offset);
	case 2:
		return pointer ? barspan_ptr_read16(pointer) : barspan_read16(span, offset);
	case 4:
		return pointer ? barspan_ptr_read32(pointer) : barspan_read32(span, offset);
	default:
		return pointer ? barspan_ptr_read64(pointer) : barspan_read64(span, offset);
	}
}

static void write_by(struct barspan *span, uint64_t offset, unsigned int width,
		     volatile void *pointer, uint64_t value)
{
	switch (width) {
	case 1:
		pointer ? barspan_ptr_write8(pointer, (uint8_t)value)
			: barspan_write8(span, offset, (uint8_t)value);
		break;
	case 2:
		pointer ? barspan_ptr_write16(pointer, (uint16_t)value)
			: barspan_write16(span, offset, (uint16_t)value);
		break;
	case 4:
		pointer ? barspan_ptr_write32(pointer, (uint32_t)value)
			: barspan_write32(span, offset, (uint32_t)value);
		break;
	default:
		pointer ? barspan_ptr_write64(pointer, value)
			: barspan_write64(span, offset, value);
	}
}

static void access_once(const struct soak_span *entry, uint64_t offset, unsigned int width,
			bool by_pointer)
{
	const struct soak_region *region = soak_region_of(entry);
	const uint8_t *truth = region->truth + entry->offset + offset;
	volatile uint8_t *pointer = by_pointer ? (volatile uint8_t *)entry->base + offset : NULL;
	uint64_t value, wanted = 0;

	if (entry->prot & PROT_READ) {
		memcpy(&wanted, truth, width);
		value = read_by(entry->span, offset, width, pointer);
		SOAK_EXPECT(value == wanted,
			    "0x%" PRIx64 " of the span at %p (%u bytes) reads 0x%" PRIx64
			    ", the device has 0x%" PRIx64,
			    offset, (void *)entry->base, width, value, wanted);
	}
	if (!(entry->prot & PROT_WRITE))
		return;
	wanted = soak_random(UINT64_MAX);
	write_by(entry->span, offset, width, pointer, wanted);
	SOAK_EXPECT(!memcmp(truth, &wanted, width),
		    "0x%" PRIx64 " of the span at %p (%u bytes) was written, the device has"
		    " another value",
		    offset, (void *)entry->base, width);
}

/* Whether all bytes of an access are still at addresses of the span. */
static bool has_address(const struct soak_span *span, uint64_t offset, unsigned int width)
{
	return span->base && !span->gone[offset / soak_page] &&
	       !span->gone[(offset + width - 1) / soak_page];
}

static void access_range(const struct soak_span *span)
{
	const struct soak_region *region = soak_region_of(span);
	uint64_t offset = soak_random(span->length);
	size_t length = (size_t)soak_random(span->length - offset);
	uint8_t *bytes = malloc(length + 1);
	int r;

	if (length > 3 * soak_page)
		length = 3 * soak_page;
	r = barspan_read(span->span, offset, bytes, length);
	SOAK_EXPECT((r == 0) == ((span->prot & PROT_READ) != 0) || !length,
		    "barspan_read() of 0x%" PRIx64 " + 0x%zx: %d", offset, length, r);
	if (!r)
		SOAK_EXPECT(!memcmp(bytes, region->truth + span->offset + offset, length),
			    "barspan_read() of 0x%" PRIx64
			    " + 0x%zx gives other bytes than the device has",
			    offset, length);
	free(bytes);
}

void soak_do_access(void)
{
	struct soak_span *span = soak_span_any();

	if (!span)
		return;
	soak_trace("access %p at %p", (void *)span->span, (void *)span->base);
	for (int i = 0; i < 20; i++) {
		unsigned int width = 1u << soak_random(4);
		uint64_t offset = soak_random(span->length);

		if (!soak_chance(4))
			offset = offset / width * width;
		if (offset + width <= span->length)
			access_once(span, offset, width,
				    soak_chance(2) && has_address(span, offset, width));
	}
	access_range(span);
	SOAK_EXPECT(!barspan_take_error(span->span, NULL),
		    "an access that worked has left an error");
}

/* Maps or unmaps memory by plain system calls, never at the addresses of a
 * span. */
void soak_do_foreign(void)
{
	struct soak_foreign page = { .content = SOAK_ANON,
				     .prot = soak_chance(4) ? PROT_NONE : PROT_READ | PROT_WRITE };
	size_t pages = 1 + soak_random(4);
	uint8_t *place = soak_free_place(pages);
	uintptr_t at;
	void *got;

	if (soak_n_foreign > SOAK_FOREIGN / 5 || (soak_n_foreign && soak_chance(3))) {
		at = soak_foreign[soak_random(soak_n_foreign)].address;
		soak_trace("foreign page at %p goes", (void *)at);
		munmap((void *)at, soak_page);
		soak_foreign_remove(at, at + soak_page);
		return;
	}
	if (!place)
		return;
	soak_trace("foreign %zu pages at %p prot %d", pages, (void *)place, page.prot);
	got = mmap(place, pages * soak_page, page.prot,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (got != MAP_FAILED && got != place) {
		/* valgrind treats the address as a hint. */
		munmap(got, pages * soak_page);
		return;
	}
	if (got == MAP_FAILED)
		return;
	soak_foreign_add(place, pages, &page);
	soak_foreign_fill((uintptr_t)place, pages);
}

/* A child process may use the whole library. It shares the device's memory with
 * its parent, and nothing else. */
void soak_do_fork(void)
{
	uint64_t steps = 1 + soak_random(12), seed = soak_random(UINT64_MAX);
	int status = 0;
	pid_t child;

	if (soak_without(SOAK_FORK))
		return;
	soak_trace("fork, a child of %" PRIu64 " steps", steps);
	child = fork();
	SOAK_EXPECT(child >= 0 || soak_kind == SOAK_LIMIT, "cannot fork");
	if (child < 0)
		return;
	if (!child) {
		soak_seed = seed;
		soak_is_child = true;
		soak_check();
		while (steps--)
			soak_step();
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	soak_fail("a child process died of signal %d", WTERMSIG(status));
}
