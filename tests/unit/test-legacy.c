/* SPDX-License-Identifier: BSD-3-Clause */
/* The drop-in, on a VFIO device that the test plays: a memory file, with ioctls and a link in /proc by hooks. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <barspan/mmap.h>
#include <barspan/ptr.h>

#include "compat/private.h"
#include "support/fake.h"
#include "support/harness.h"

enum { BAR2 = 0x200000, BAR0 = 0x100000, BAR4 = 0x400000, SIZE = 0x8000, FILE_SIZE = 0x800000, MAPPABLE = 7 };

static const struct barspan_range areas[] = { { 0x1000, 0x2000 }, { 0x5000, 0x1000 } };
static int file;
static char *before;

static void put_areas(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap *sparse = (void *)(info + 1);

	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	info->cap_offset = sizeof(*info);
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = 2;
	memcpy(sparse->areas, areas, sizeof(areas));
}

/* BAR 0 is plain, BAR 2 sparse, BAR 4 cannot be mapped. */
static int play_ioctl(int fd, unsigned long request, void *argument)
{
	struct vfio_region_info *info = argument;

	(void)fd;
	if (request == VFIO_DEVICE_GET_INFO) {
		((struct vfio_device_info *)argument)->num_regions = 6;
		return 0;
	}
	info->flags = info->index == 4 ? 3 : MAPPABLE;
	info->size = info->index % 2 ? 0 : SIZE;
	info->offset = info->index == 0 ? BAR0 : info->index == 2 ? BAR2 : BAR4;
	if (info->index == 2)
		put_areas(info);
	return 0;
}

static int play_readlink(const char *path, char *buffer, size_t length)
{
	char own[32];

	snprintf(own, sizeof(own), "/proc/thread-self/fd/%d", file);
	if (strcmp(path, own))
		return real_sys_readlink(path, buffer, length);
	snprintf(buffer, length, "anon_inode:[vfio-device]");
	return 0;
}

/* An anonymous inode has no type. */
static int play_fstat(int fd, struct stat *out)
{
	int r = real_sys_fstat(fd, out);

	if (!r && fd == file)
		out->st_mode &= ~(mode_t)S_IFMT;
	return r;
}

/* The file would let all of it be mapped. */
static int play_mmap(void **out, void *address, size_t length, int prot, int flags, int fd, uint64_t offset)
{
	if (fd >= 0 && offset >= BAR2 && offset < BAR2 + SIZE)
		for (size_t at = 0; at < length; at += 0x1000) {
			uint64_t in = offset - BAR2 + at;

			if (in < 0x1000 || (in >= 0x3000 && in < 0x5000) || in >= 0x6000)
				return -EINVAL;
		}
	return real_sys_mmap(out, address, length, prot, flags, fd, offset);
}

static void set_up(void)
{
	fake_reset();
	harness_listen();
	free(before);
	before = harness_snapshot();
	file = memfd_create("vfio", MFD_CLOEXEC);
	ck_assert_zero(ftruncate(file, FILE_SIZE));
	fake_hooks.ioctl = play_ioctl;
	fake_hooks.readlink = play_readlink;
	fake_hooks.fstat = play_fstat;
	fake_hooks.mmap = play_mmap;
}

static void tear_down(void)
{
	char *after;

	if (file >= 0)
		close(file);
	fake_reset();
	after = harness_snapshot();
	ck_assert_str_eq(before, after);
	free(after);
	free(before);
	before = NULL;
}

static uint8_t *map_bar2(void)
{
	uint8_t *base = barspan_mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, BAR2);

	ck_assert_ptr_ne(base, MAP_FAILED);
	return base;
}

static uint32_t read_file(uint64_t offset)
{
	uint32_t value = 0;

	ck_assert_int_eq(pread(file, &value, 4, (off_t)offset), 4);
	return value;
}

START_TEST(a_sparse_bar_is_mapped_whole)
{
	struct barspan *span;
	uint64_t offset;
	uint8_t *base;

	set_up();
	ck_assert_ptr_eq(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, -1, BAR2), MAP_FAILED);
	base = map_bar2();
	*(volatile uint32_t *)(base + 0x1004) = 0x1234;
	ck_assert_uint_eq(read_file(BAR2 + 0x1004), 0x1234);
	ck_assert(!harness_can_read(base + 0x3000));
	span = barspan_find(base + 0x5010, &offset);
	ck_assert_ptr_nonnull(span);
	ck_assert_uint_eq(offset, 0x5010);
	ck_assert_uint_eq(barspan_extent_count(span), 5);
	ck_assert_zero(barspan_munmap(base, SIZE));
	ck_assert_ptr_null(barspan_find(base + 0x5010, NULL));
	tear_down();
}
END_TEST

START_TEST(the_descriptor_may_be_closed)
{
	uint8_t *base;

	set_up();
	base = map_bar2();
	int kept = dup(file);

	close(file);
	file = -1;
	barspan_ptr_write32(base + 0x3000, 0x5678);
	ck_assert_uint_eq(barspan_ptr_read32(base + 0x3000), 0x5678);
	file = kept;
	ck_assert_uint_eq(read_file(BAR2 + 0x3000), 0x5678);
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(pointer_accessors_reach_everything)
{
	uint8_t *base;

	set_up();
	base = map_bar2();
	for (int round = 0; round < 2; round++)
		for (uint32_t at = 0; at + 8 <= SIZE; at += 0x3f9) {
			barspan_ptr_write8(base + at, (uint8_t)at);
			ck_assert_uint_eq(barspan_ptr_read8(base + at), (uint8_t)at);
			barspan_ptr_write16(base + at, (uint16_t)~at);
			ck_assert_uint_eq(barspan_ptr_read16(base + at), (uint16_t)~at);
			barspan_ptr_write64(base + at, UINT64_C(0x123456789abcdef) + at);
			ck_assert_uint_eq(barspan_ptr_read64(base + at), UINT64_C(0x123456789abcdef) + at);
			barspan_ptr_write32(base + at, at * 3);
			ck_assert_uint_eq(barspan_ptr_read32(base + at), at * 3);
			ck_assert_uint_eq(read_file(BAR2 + at), at * 3);
		}
	ck_assert_uint_eq(barspan_ptr_read32(base + SIZE - 2), UINT32_MAX);
	ck_assert_int_eq(barspan_take_error(barspan_find(base, NULL), NULL), -ERANGE);
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(a_pointer_outside_every_span_is_a_plain_access)
{
	uint32_t words[4] = { 1, 2, 3, 4 };

	set_up();
	for (int round = 0; round < 2; round++) {
		ck_assert_uint_eq(barspan_ptr_read32(&words[1]), 2);
		barspan_ptr_write32(&words[2], 7);
		ck_assert_uint_eq(words[2], 7);
		words[2] = 3;
		ck_assert_uint_eq(barspan_ptr_read16((uint8_t *)words + 3), 0x200);
		ck_assert_uint_eq(barspan_ptr_read64(&words[2]), UINT64_C(0x400000003));
	}
	tear_down();
}
END_TEST

START_TEST(a_direct_pointer_costs_no_system_call)
{
	uint8_t *base;

	set_up();
	base = map_bar2();
	fake_reset();
	for (int i = 0; i < 100; i++)
		barspan_ptr_write32(base + 0x1000 + 4 * i, barspan_ptr_read32(base + 0x5000));
	ck_assert_uint_eq(fake_total(), 0);
	ck_assert(barspan_ptr_is_cached_((uintptr_t)base + 0x1008, 4, true));
	ck_assert(!barspan_ptr_is_cached_((uintptr_t)base + 0x1009, 4, true));
	ck_assert(!barspan_ptr_is_cached_((uintptr_t)base + 0x3000, 4, true));
	fake_hooks.ioctl = play_ioctl;
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

/* NVMe drivers map doorbells so. */
START_TEST(a_page_that_is_only_written_is_remembered_for_writes)
{
	uint8_t *base;
	uintptr_t at;

	set_up();
	base = barspan_mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, file, BAR2);
	ck_assert_ptr_ne(base, MAP_FAILED);
	at = (uintptr_t)base + 0x1000;
	barspan_ptr_write32(base + 0x1000, 7);
	ck_assert(barspan_ptr_is_cached_(at, 4, true));
	ck_assert(!barspan_ptr_is_cached_(at, 4, false));
	ck_assert_uint_eq(barspan_ptr_read32(base + 0x1000), UINT32_MAX);
	ck_assert_int_eq(barspan_take_error(barspan_find(base, NULL), NULL), -EACCES);
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(raw_accessors_keep_the_devices_byte_order)
{
	static const uint64_t offsets[] = { 0x1000, 0x3000 };
	uint8_t *base;

	set_up();
	base = map_bar2();
	for (size_t i = 0; i < 2; i++) {
		uint8_t *at = base + offsets[i];

		barspan_ptr_write64(at, UINT64_C(0x1122334455667788));
		ck_assert_uint_eq(barspan_ptr_read8_raw(at), 0x88);
		ck_assert_uint_eq(barspan_ptr_read16_raw(at), htole16(0x7788));
		ck_assert_uint_eq(barspan_ptr_read32_raw(at), htole32(0x55667788));
		ck_assert_uint_eq(barspan_ptr_read64_raw(at), htole64(UINT64_C(0x1122334455667788)));
		barspan_ptr_write8_raw(at, 1);
		barspan_ptr_write16_raw(at + 2, htole16(2));
		barspan_ptr_write32_raw(at + 4, htole32(3));
		ck_assert_uint_eq(barspan_ptr_read64(at), UINT64_C(0x0000000300027701));
		barspan_ptr_write64_raw(at, htole64(4));
		ck_assert_uint_eq(barspan_ptr_read64(at), 4);
	}
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(what_was_direct_is_looked_up_again_after_a_change)
{
	struct barspan *span;
	uint8_t *base;

	set_up();
	base = map_bar2();
	span = barspan_find(base, NULL);
	barspan_ptr_write32(base + 0x1000, 0x77);
	ck_assert(barspan_ptr_is_cached_((uintptr_t)base + 0x1000, 4, true));
	ck_assert_zero(barspan_suspend(span));
	ck_assert_uint_eq(barspan_ptr_read32(base + 0x1000), 0x77);
	ck_assert(!barspan_ptr_is_cached_((uintptr_t)base + 0x1000, 4, true));
	ck_assert_zero(barspan_resume(span));
	ck_assert_uint_eq(barspan_ptr_read32(base + 0x1000), 0x77);
	ck_assert(barspan_ptr_is_cached_((uintptr_t)base + 0x1000, 4, true));
	ck_assert_zero(barspan_munmap(base, SIZE));
	ck_assert(!barspan_ptr_is_cached_((uintptr_t)base + 0x1000, 4, true));
	tear_down();
}
END_TEST

START_TEST(windows_lie_where_they_do_in_the_region)
{
	uint8_t *base;

	set_up();
	base = barspan_mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED, file, BAR2 + 0x2000);
	ck_assert_ptr_ne(base, MAP_FAILED);
	base[0x10] = 0x42;
	ck_assert_uint_eq(read_file(BAR2 + 0x2010) & 0xff, 0x42);
	barspan_ptr_write8(base + 0x1010, 0x43);
	ck_assert_uint_eq(read_file(BAR2 + 0x3010) & 0xff, 0x43);
	ck_assert_zero(barspan_munmap(base, 0x2000));
	tear_down();
}
END_TEST

START_TEST(map_fixed_takes_the_callers_reservation)
{
	uint8_t *reserved, *base;

	set_up();
	reserved = mmap(NULL, 4 * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	base = barspan_mmap(reserved + SIZE, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, BAR2);
	ck_assert_ptr_eq(base, reserved + SIZE);
	ck_assert(harness_can_write(base + 0x1000));
	ck_assert(!harness_can_read(base));
	ck_assert_zero(barspan_munmap(reserved, 4 * SIZE));
	ck_assert_ptr_null(barspan_find(base, NULL));
	tear_down();
}
END_TEST

START_TEST(noreplace_and_hints)
{
	uint8_t *there = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *base;

	set_up();
	there[0] = 42;
	ck_assert_ptr_eq(barspan_mmap(there, SIZE, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, file, BAR2), MAP_FAILED);
	ck_assert_int_eq(errno, EEXIST);
	base = barspan_mmap(there, SIZE, PROT_READ, MAP_SHARED, file, BAR2);
	ck_assert_ptr_ne(base, MAP_FAILED);
	ck_assert_ptr_ne(base, there);
	ck_assert_uint_eq(there[0], 42);
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
	munmap(there, SIZE);
	set_up();
	base = barspan_mmap(there + 5, SIZE, PROT_READ, MAP_SHARED, file, BAR2);
	ck_assert_ptr_eq(base, there);
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(the_same_errors_for_the_same_mistakes)
{
	const struct {
		size_t length;
		int prot, flags;
		off_t offset;
	} bad[] = {
		{ 0, PROT_READ, MAP_SHARED, BAR2 },
		{ SIZE, PROT_READ, MAP_PRIVATE, BAR2 },
		{ SIZE, PROT_READ, 0, BAR2 },
		{ SIZE, PROT_READ, MAP_SHARED, BAR2 + 0x10 },
		{ SIZE + 1, PROT_READ, MAP_SHARED, BAR2 },
		{ SIZE, PROT_READ, MAP_SHARED, BAR2 + 0x1000 },
		{ SIZE, PROT_READ, MAP_SHARED, BAR4 },
		{ SIZE, PROT_READ, MAP_SHARED, 0x10000 },
		{ SIZE, PROT_READ, MAP_SHARED, -0x1000 },
		{ SIZE_MAX, PROT_READ, MAP_SHARED, BAR2 },
	};

	set_up();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		if (barspan_mmap(NULL, bad[i].length, bad[i].prot, bad[i].flags, file, bad[i].offset) != MAP_FAILED)
			ck_abort_msg("mistake %zu is accepted", i);
		if (errno != EINVAL)
			ck_abort_msg("mistake %zu gives errno %d", i, errno);
	}
	ck_assert_int_eq(barspan_munmap((void *)0x1001, 0x1000), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(barspan_munmap((void *)0x1000, 0), -1);
	ck_assert_int_eq(errno, EINVAL);
	tear_down();
}
END_TEST

START_TEST(other_descriptors_get_mmap)
{
	int other = memfd_create("other", MFD_CLOEXEC);
	uint8_t *anonymous, *shared;

	set_up();
	ck_assert_zero(ftruncate(other, 0x2000));
	shared = barspan_mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);
	anonymous = barspan_mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shared[0x1fff] = anonymous[0x1fff] = 1;
	ck_assert_ptr_null(barspan_find(shared, NULL));
	ck_assert_zero(barspan_munmap(shared, 0x2000));
	ck_assert_zero(barspan_munmap(anonymous, 0x2000));
	ck_assert_ptr_eq(barspan_mmap(NULL, 0x1000, PROT_READ, MAP_SHARED, -1, 0), MAP_FAILED);
	ck_assert_int_eq(errno, EBADF);
	tear_down();
	close(other);
}
END_TEST

START_TEST(a_part_that_is_unmapped_is_nobodys)
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

	/* Somebody else may have the addresses, and keeps them whatever becomes of the span. */
	foreign = mmap(base + 0x2000, 0x2000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
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
	over = barspan_mmap(base + 0x1000, 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ck_assert_ptr_eq(over, base + 0x1000);
	over[7] = 3;
	ck_assert_ptr_null(barspan_find(over, NULL));
	ck_assert(!barspan_is_direct(span, 0x1000, 1));
	ck_assert(barspan_is_direct(span, 0x2000, 0x1000));
	ck_assert_uint_eq(barspan_ptr_read8(over + 7), 3);
	/* The same BAR over all of it: the first span is gone, with its descriptor. */
	ck_assert_ptr_eq(barspan_mmap(base, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, BAR2), base);
	ck_assert_ptr_nonnull(barspan_find(over, NULL));
	ck_assert(harness_can_write(base + 0x5000));
	ck_assert_zero(barspan_munmap(base, SIZE));
	tear_down();
}
END_TEST

START_TEST(without_memory_for_it_nothing_is_mapped_over_a_span)
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
					      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), MAP_FAILED);
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert(barspan_is_direct(span, 0x1000, 0x1000));
		ck_assert_ptr_eq(barspan_find(base + 0x1000, NULL), span);
	}
	barspan_unmap(span);
	barspan_device_close(device);
	tear_down();
}
END_TEST

START_TEST(lengths_are_of_whole_pages)
{
	struct barspan *span;
	uint8_t *base, *over;

	set_up();
	base = map_bar2();
	span = barspan_find(base, NULL);
	over = barspan_mmap(base + 0x1000, 0x1001, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
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
	struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_FIXED | BARSPAN_STRICT };
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
	foreign = mmap(options.address, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
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
	void *const hints[] = { (void *)0x1000, (void *)0x7ffffffff000, (void *)0xfffffffffffff000 };

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
	/* What is beside a span gets what it asks for. */
	other = mmap(NULL, 3 * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	base = barspan_mmap(other + SIZE, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, BAR2);
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

START_TEST(spans_of_barspan_map_are_known_too)
{
	const struct barspan_options options = { .size = sizeof(options), .flags = BARSPAN_INDEPENDENT };
	struct barspan_device *device;
	struct barspan *span, *apart;
	uint64_t offset = 0;

	set_up();
	ck_assert_zero(barspan_device_open_vfio(&device, file));
	ck_assert_zero(barspan_map(&span, device, 2, NULL));
	ck_assert_zero(barspan_map(&apart, device, 2, &options));
	ck_assert_ptr_eq(barspan_find((volatile uint8_t *)barspan_base(span) + 0x7fff, &offset), span);
	ck_assert_uint_eq(offset, 0x7fff);
	ck_assert_ptr_eq(barspan_find(barspan_pointer(apart, 0x5008, 4), &offset), apart);
	ck_assert_uint_eq(offset, 0x5008);
	/* They stay their owner's, even when all of their addresses are gone. */
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
		uint8_t *base = barspan_mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, BAR2);
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

START_TEST(a_storm_of_threads)
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

	/* The threads' stacks and heaps are still there, but nothing of the device. */
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
	Suite *suite = suite_create("legacy");

	harness_add(suite, "mmap", (const TTest *const[]){
		a_sparse_bar_is_mapped_whole, the_descriptor_may_be_closed, windows_lie_where_they_do_in_the_region,
		map_fixed_takes_the_callers_reservation, noreplace_and_hints, the_same_errors_for_the_same_mistakes,
		other_descriptors_get_mmap, NULL });
	harness_add(suite, "munmap", (const TTest *const[]){
		a_part_that_is_unmapped_is_nobodys, mapping_over_a_span_takes_its_addresses, spans_of_barspan_map_are_known_too,
		without_memory_for_it_nothing_is_mapped_over_a_span, holes_cannot_be_made_readable, lengths_are_of_whole_pages,
		a_failed_map_fixed_takes_the_addresses_too, a_hint_that_cannot_be_taken_is_ignored,
		a_storm_of_threads, NULL });
	harness_add(suite, "pointers", (const TTest *const[]){
		pointer_accessors_reach_everything, a_pointer_outside_every_span_is_a_plain_access,
		a_direct_pointer_costs_no_system_call,
		a_page_that_is_only_written_is_remembered_for_writes, raw_accessors_keep_the_devices_byte_order, what_was_direct_is_looked_up_again_after_a_change, NULL });
	return harness_run(suite);
}
