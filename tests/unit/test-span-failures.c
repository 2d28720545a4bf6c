/* SPDX-License-Identifier: BSD-3-Clause */
/* Areas that cannot be mapped, and transports that misbehave. */
#include <errno.h>
#include <sys/mman.h>

#include "support/fake.h"
#include "support/span-fixture.h"

/* An area that cannot be mapped. As on Linux, its range is unmapped before the
 * call fails. */
static uint64_t bad_offset;
static int bad_error;

static int refuse_bad(void **out, void *address, size_t length, int prot, int flags, int fd,
		      uint64_t offset)
{
	if (fd < 0 || offset > bad_offset || offset + length <= bad_offset)
		return real_sys_mmap(out, address, length, prot, flags, fd, offset);
	if (bad_error == -EINVAL && address)
		munmap(address, length);
	return bad_error;
}

static void make_bad(uint64_t offset, int error)
{
	bad_offset = offset;
	bad_error = error;
	fake_hooks.mmap = refuse_bad;
}

START_TEST(one_bad_area_is_one_hole)
{
	/* ENOMEM of the device does not mean that the process has no mappings
	 * left; for that case see test-limit.c. */
	static const int errors[] = { -EINVAL, -EAGAIN, -ENOMEM };

	for (size_t i = 0; i < 3; i++) {
		set_up();
		make_bad(0x2000, errors[i]);
		ck_assert_zero(barspan_map(&span, device, 0, NULL));
		/* The area that touches the bad one stays direct. */
		ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_NONE);
		ck_assert_int_eq(reason_at(0x2000), BARSPAN_REASON_FAILED);
		ck_assert_int_eq(reason_at(0x3000), BARSPAN_REASON_SPARSE);
		ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_NONE);
		ck_assert(!harness_can_read(span_base() + 0x2000));
		barspan_write32(span, 0x1ffe, 0x11223344);
		ck_assert_uint_eq(barspan_read32(span, 0x1ffe), 0x11223344);
		ck_assert_ptr_nonnull(
			strstr(harness_message, "soft region 0: cannot map 0x2000-0x2fff: "));
		tear_down();
	}
}
END_TEST

START_TEST(one_bad_area_is_one_hole_in_independent_mode)
{
	set_up();
	make_bad(0x2000, -EINVAL);
	options.flags = BARSPAN_INDEPENDENT;
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_NONE);
	ck_assert_int_eq(reason_at(0x2000), BARSPAN_REASON_FAILED);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_NONE);
	tear_down();
}
END_TEST

/* Fails as refuse_bad() does, and another thread's mapping takes the addresses
 * at once. */
static uint8_t *moved_in;
static size_t moved_in_length;

static int lose_bad(void **out, void *address, size_t length, int prot, int flags, int fd,
		    uint64_t offset)
{
	if (fd < 0 || offset > bad_offset || offset + length <= bad_offset || moved_in)
		return refuse_bad(out, address, length, prot, flags, fd, offset);
	moved_in_length = length;
	moved_in = mmap(address, length, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	moved_in[0] = 42;
	return -EINVAL;
}

START_TEST(one_bad_area_is_one_hole_even_if_its_addresses_are_lost)
{
	set_up();
	make_bad(0x2000, -EINVAL);
	moved_in = NULL;
	fake_hooks.mmap = lose_bad;
	ck_assert_zero(barspan_map(&span, device, 0, &options));
	ck_assert_ptr_nonnull(moved_in);
	ck_assert_int_eq(reason_at(0x1000), BARSPAN_REASON_NONE);
	ck_assert_int_eq(reason_at(0x2000), BARSPAN_REASON_FAILED);
	ck_assert_int_eq(reason_at(0x5000), BARSPAN_REASON_NONE);
	ck_assert_uint_eq(moved_in[0], 42);
	barspan_unmap(span);
	span = NULL;
	ck_assert_uint_eq(moved_in[0], 42);
	munmap(moved_in, moved_in_length);
	tear_down();
}
END_TEST

START_TEST(strict_fails_if_one_area_cannot_be_mapped)
{
	set_up();
	make_bad(0x5000, -EINVAL);
	options.flags = BARSPAN_STRICT;
	ck_assert_int_eq(barspan_map(&span, device, 0, &options), -EINVAL);
	ck_assert_ptr_null(span);
	make_bad(0x5000, -EAGAIN);
	ck_assert_int_eq(barspan_map(&span, device, 0, &options), -EAGAIN);
	options.flags |= BARSPAN_INDEPENDENT;
	ck_assert_int_eq(barspan_map(&span, device, 0, &options), -EAGAIN);
	tear_down();
}
END_TEST

/* A transport whose `map` calls barspan_map(). */
static int map_within(void *context, unsigned int index, uint64_t offset, size_t length, int prot,
		      void *address)
{
	struct barspan *inner;

	(void)index;
	(void)offset;
	(void)prot;
	(void)address;
	ck_assert_uint_gt(length, 0);
	return barspan_map(&inner, context, 1, NULL);
}

static int one_region(void *context, unsigned int index, struct barspan_region *out)
{
	(void)context;
	*out = (struct barspan_region){ .size = 0x1000, .flags = MAPPABLE };
	return index ? -EINVAL : 0;
}

static int no_read(void *context, unsigned int index, uint64_t offset, void *buffer, size_t length)
{
	(void)context;
	(void)index;
	(void)offset;
	memset(buffer, 0, length);
	return -EIO;
}

static int no_write(void *context, unsigned int index, uint64_t offset, const void *buffer,
		    size_t length)
{
	(void)context;
	(void)index;
	(void)offset;
	(void)buffer;
	(void)length;
	return -EIO;
}

START_TEST(mapping_within_a_mapping_is_refused)
{
	struct barspan_device_ops ops = {
		.size = sizeof(ops),
		.region = one_region,
		.map = map_within,
		.read = no_read,
		.write = no_write,
	};
	struct barspan_device *outer;

	set_up();
	ck_assert_zero(barspan_device_open_ops(&outer, &ops, device));
	options.flags = BARSPAN_STRICT;
	ck_assert_int_eq(barspan_map(&span, outer, 0, &options), -EDEADLK);
	barspan_device_close(outer);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("span-failures");

	harness_add(suite, "failures",
		    (const TTest *const[]){ one_bad_area_is_one_hole,
					    one_bad_area_is_one_hole_in_independent_mode,
					    one_bad_area_is_one_hole_even_if_its_addresses_are_lost,
					    strict_fails_if_one_area_cannot_be_mapped,
					    mapping_within_a_mapping_is_refused, NULL });
	return harness_run(suite);
}
