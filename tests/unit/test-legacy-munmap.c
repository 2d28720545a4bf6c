/* SPDX-License-Identifier: BSD-3-Clause */
/* The drop-in: calls that take addresses away from spans. */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#include <barspan/mmap.h>
#include <barspan/ptr.h>

#include "compat/private.h"
#include "support/fake.h"
#include "support/legacy-fixture.h"

START_TEST(unmapped_addresses_no_longer_belong_to_the_span)
{
	struct barspan_extent extent;
	struct barspan *span;
	uint8_t *base, *foreign;

	set_up();
	base = map_bar2();
	span = barspan_find(base, NULL);
	ck_assert_zero(barspan_munmap(base + 0x2000, 0x2000));
	ck_assert_ptr_null(barspan_find(base + 0x2000, NULL));
	ck_assert_ptr_eq(barspan_find(base + 0x4000, NULL), span);
	ck_assert_zero(barspan_extent_at(span, 0x2000, &extent));
	ck_assert_int_eq(extent.reason, BARSPAN_REASON_REQUESTED);
	ck_assert(barspan_is_direct(span, 0x1000, 0x1000));
	barspan_write32(span, 0x2000, 0x99);
	ck_assert_uint_eq(barspan_read32(span, 0x2000), 0x99);

	/* Another user may map these addresses, and keeps them when the span is
	 * unmapped. */
	foreign = mmap(base + 0x2000, 0x2000, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(foreign, base + 0x2000);
	foreign[5] = 42;
	ck_assert_zero(barspan_suspend(span));
	ck_assert_zero(barspan_resume(span));
	ck_assert_uint_eq(foreign[5], 42);
	ck_assert_uint_eq(barspan_ptr_read8(foreign + 5), 42);
	ck_assert_zero(barspan_munmap(base, 0x2000));
	ck_assert_zero(barspan_munmap(base + 0x4000, SIZE - 0x4000));
	ck_assert_ptr_null(barspan_find(base + 0x4000, NULL));
	ck_assert_uint_eq(foreign[5], 42);
	munmap(foreign, 0x2000);
	tear_down();
}
END_TEST

START_TEST(mapping_over_a_span_takes_its_addresses)
{
	struct barspan *span;
	uint8_t *base, *over;

	set_up();
	base = map_bar2();
	span = barspan_find(base, NULL);
	over = barspan_mmap(base + 0x1000, 0x1000, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ck_assert_ptr_eq(over, base + 0x1000);
	over[7] = 3;
	ck_assert_ptr_null(barspan_find(over, NULL));
	ck_assert(!barspan_is_direct(span, 0x1000, 1));
	ck_assert(barspan_is_direct(span, 0x2000, 0x1000));
	ck_assert_uint_eq(barspan_ptr_read8(over + 7), 3);
	/* A mapping of the same BAR replaces the whole first span, which closes
	 * its descriptor. */
	ck_assert_ptr_eq(barspan_mmap(base, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
				      file, BAR2),
			 base);
	ck_assert_ptr_nonnull(barspan_find(over, NULL));
	ck_assert(harness_can_write(base + 0x5000));
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(without_memory_nothing_replaces_a_span)
{
	struct barspan_device *device;
	struct barspan *span;
	uint8_t *base;

	set_up();
	ck_assert_zero(barspan_device_open_vfio(&device, file));
	ck_assert_zero(barspan_map(&span, device, 2, NULL));
	base = (uint8_t *)(uintptr_t)barspan_base(span);
	for (unsigned long n = 1; n <= 2; n++) {
		fake_fail_call(FAKE_CALLOC, n, -ENOMEM);
		ck_assert_ptr_eq(barspan_mmap(base + 0x1000, 0x1000, PROT_READ | PROT_WRITE,
					      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
				 MAP_FAILED);
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert(barspan_is_direct(span, 0x1000, 0x1000));
		ck_assert_ptr_eq(barspan_find(base + 0x1000, NULL), span);
	}
	barspan_unmap(span);
	barspan_device_close(device);
	tear_down();
}
END_TEST

START_TEST(lengths_are_rounded_up_to_whole_pages)
{
	struct barspan *span;
	uint8_t *base, *over;

	set_up();
	base = map_bar2();
	span = barspan_find(base, NULL);
	over = barspan_mmap(base + 0x1000, 0x1001, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ck_assert_ptr_eq(over, base + 0x1000);
	ck_assert(!barspan_is_direct(span, 0x2ff8, 8));
	ck_assert_ptr_null(barspan_find(base + 0x2ff8, NULL));
	over = barspan_mremap_(base + 0x5000, 0xff0, 0xff0, MREMAP_MAYMOVE | MREMAP_FIXED,
			       mmap(NULL, 0x1000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	ck_assert_ptr_ne(over, MAP_FAILED);
	ck_assert(!barspan_is_direct(span, 0x5ff8, 8));
	munmap(over, 0x1000);
	ck_assert_zero(barspan_munmap(base, SIZE - 1));
	tear_down();
}
END_TEST

START_TEST(a_failed_map_fixed_takes_the_addresses_too)
{
	struct barspan_options options = { .size = sizeof(options),
					   .flags = BARSPAN_FIXED | BARSPAN_STRICT };
	struct barspan_device *device;
	struct barspan *first, *second = NULL;
	uint8_t *foreign;

	set_up();
	ck_assert_zero(barspan_device_open_vfio(&device, file));
	ck_assert_zero(barspan_map(&first, device, 2, NULL));
	options.address = (void *)(uintptr_t)barspan_base(first);
	fake_fail_call(FAKE_MMAP, 2, -EIO);
	ck_assert_int_eq(barspan_map(&second, device, 2, &options), -EIO);
	ck_assert_ptr_null(barspan_find(options.address, NULL));
	ck_assert(!barspan_is_direct(first, 0x1000, 1));
	foreign = mmap(options.address, SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(foreign, options.address);
	foreign[0x1000] = 42;
	barspan_unmap(first);
	ck_assert_uint_eq(foreign[0x1000], 42);
	munmap(foreign, SIZE);
	barspan_device_close(device);
	tear_down();
}
END_TEST

START_TEST(a_hint_that_cannot_be_taken_is_ignored)
{
	void *const hints[] = { (void *)0x1000, (void *)0x7ffffffff000,
				(void *)0xfffffffffffff000 };

	set_up();
	for (size_t i = 0; i < 3; i++) {
		uint8_t *base = barspan_mmap(hints[i], SIZE, PROT_READ, MAP_SHARED, file, BAR2);

		ck_assert_ptr_ne(base, MAP_FAILED);
		ck_assert_zero(barspan_munmap(base, SIZE));
	}
	tear_down();
}
END_TEST

START_TEST(holes_cannot_be_made_readable)
{
	uint8_t *base, *other;

	set_up();
	base = map_bar2();
	ck_assert_zero(barspan_mprotect_(base, SIZE, PROT_READ | PROT_WRITE));
	ck_assert(!harness_can_read(base + 0x3000));
	ck_assert_int_eq(barspan_mprotect_(base + 0x1000, 0x1000, PROT_READ), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert(harness_can_write(base + 0x1000));
	other = mmap(NULL, 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_zero(barspan_mprotect_(other, 0x1000, PROT_READ));
	ck_assert(!harness_can_write(other));
	munmap(other, 0x1000);
	ck_assert_zero(barspan_munmap(base, SIZE));
	/* A call beside a span behaves as mprotect(2). */
	other = mmap(NULL, 3 * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	base = barspan_mmap(other + SIZE, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			    file, BAR2);
	ck_assert_ptr_eq(base, other + SIZE);
	ck_assert_zero(barspan_mprotect_(other, 3 * SIZE, PROT_READ | PROT_WRITE));
	ck_assert(harness_can_write(other + SIZE - 1));
	ck_assert(!harness_can_read(base));
	ck_assert(harness_can_write(other + 2 * SIZE));
	ck_assert_int_eq(barspan_mprotect_(other, 3 * SIZE, PROT_READ), -1);
	ck_assert(harness_can_write(other));
	ck_assert_zero(barspan_munmap(other, 3 * SIZE));
	tear_down();
}
END_TEST

START_TEST(spans_of_barspan_map_lose_unmapped_addresses_too)
{
	const struct barspan_options options = { .size = sizeof(options),
						 .flags = BARSPAN_INDEPENDENT };
	struct barspan_device *device;
	struct barspan *span, *apart;
	uint64_t offset = 0;

	set_up();
	ck_assert_zero(barspan_device_open_vfio(&device, file));
	ck_assert_zero(barspan_map(&span, device, 2, NULL));
	ck_assert_zero(barspan_map(&apart, device, 2, &options));
	ck_assert_ptr_eq(barspan_find((volatile uint8_t *)barspan_base(span) + 0x7fff, &offset),
			 span);
	ck_assert_uint_eq(offset, 0x7fff);
	ck_assert_ptr_eq(barspan_find(barspan_pointer(apart, 0x5008, 4), &offset), apart);
	ck_assert_uint_eq(offset, 0x5008);
	/* The span remains its owner's, even when all its addresses are
	 * unmapped. */
	ck_assert_zero(barspan_munmap((void *)(uintptr_t)barspan_base(span), SIZE));
	barspan_write32(span, 0x1000, 0x31);
	ck_assert_uint_eq(barspan_read32(span, 0x1000), 0x31);
	barspan_unmap(span);
	barspan_unmap(apart);
	barspan_device_close(device);
	tear_down();
}
END_TEST

static void *map_and_unmap(void *count)
{
	for (int i = 0; i < *(int *)count; i++) {
		uint8_t *base =
			barspan_mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, BAR2);
		uint64_t offset;

		if (base == MAP_FAILED || !barspan_find(base + 0x6123, &offset) || offset != 0x6123)
			return base;
		barspan_ptr_write32(base + 0x1000, (uint32_t)i);
		barspan_ptr_read32(base + 0x3000);
		if (barspan_munmap(base, 0x3000) || barspan_munmap(base + 0x3000, SIZE - 0x3000))
			return base;
	}
	return NULL;
}

START_TEST(threads_map_and_unmap_at_once)
{
	int count = harness_instrumented() ? 50 : 400;
	pthread_t threads[4];

	set_up();
	barspan_set_log(NULL, NULL, BARSPAN_LOG_ERROR);
	for (int i = 0; i < 4; i++)
		ck_assert_zero(pthread_create(&threads[i], NULL, map_and_unmap, &count));
	for (int i = 0; i < 4; i++) {
		void *bad;

		ck_assert_zero(pthread_join(threads[i], &bad));
		ck_assert_ptr_null(bad);
	}

	/* The threads' stacks and heaps remain, but no mapping of the
	 * device. */
	close(file);
	fake_reset();

	char *after = harness_snapshot();

	ck_assert_ptr_null(strstr(after, "memfd:vfio"));
	ck_assert_str_eq(strstr(before, "fd ."), strstr(after, "fd ."));
	free(after);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("legacy-munmap");

	harness_add(suite, "munmap",
		    (const TTest *const[]){ unmapped_addresses_no_longer_belong_to_the_span,
					    mapping_over_a_span_takes_its_addresses,
					    without_memory_nothing_replaces_a_span,
					    lengths_are_rounded_up_to_whole_pages,
					    a_failed_map_fixed_takes_the_addresses_too,
					    a_hint_that_cannot_be_taken_is_ignored,
					    holes_cannot_be_made_readable,
					    spans_of_barspan_map_lose_unmapped_addresses_too,
					    threads_map_and_unmap_at_once, NULL });
	return harness_run(suite);
}
