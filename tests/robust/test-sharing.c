/* SPDX-License-Identifier: BSD-3-Clause */
/* Drivers that map many windows of a VFIO device: the spans share a descriptor,
 * and the library asks for a region's description once. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "support/fake.h"
#include "support/harness.h"

enum { WINDOWS = 1024, REGION_PAGES = 2 * WINDOWS };

static size_t page;
static int file = -1, other_file = -1;
static char *before;

/* Two devices. Each has one region and one file. */
static bool is_device(int fd)
{
	struct stat status, own;

	for (int i = 0; i < 2; i++)
		if (!fstat(fd, &status) && !fstat(i ? other_file : file, &own) &&
		    status.st_ino == own.st_ino)
			return true;
	return false;
}

static int play_fstat(int fd, struct stat *out)
{
	int r = real_sys_fstat(fd, out);

	if (!r && is_device(fd))
		out->st_mode &= ~(mode_t)S_IFMT;
	return r;
}

static int play_readlink(const char *path, char *buffer, size_t length)
{
	const char *fd = strstr(path, "/fd/");

	if (!fd || !is_device(atoi(fd + 4)))
		return real_sys_readlink(path, buffer, length);
	snprintf(buffer, length, "anon_inode:[vfio-device]");
	return 0;
}

static int play_ioctl(int fd, unsigned long request, void *argument)
{
	struct vfio_device_info *device = argument;
	struct vfio_region_info *region = argument;

	ck_assert(is_device(fd));
	if (request == VFIO_DEVICE_GET_INFO) {
		device->num_regions = 1;
		return 0;
	}
	region->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
			VFIO_REGION_INFO_FLAG_MMAP;
	region->size = REGION_PAGES * page;
	region->offset = 0;
	region->argsz = sizeof(*region);
	return 0;
}

static int open_file(void)
{
	int fd = memfd_create("vfio", MFD_CLOEXEC);

	ck_assert_zero(ftruncate(fd, (off_t)(REGION_PAGES * page)));
	return fd;
}

static void set_up(void)
{
	fake_reset();
	harness_listen();
	before = harness_snapshot();
	file = open_file();
	other_file = open_file();
	fake_hooks.fstat = play_fstat;
	fake_hooks.readlink = play_readlink;
	fake_hooks.ioctl = play_ioctl;
}

static void tear_down(void)
{
	close(file);
	close(other_file);
	fake_reset();
	harness_expect_unchanged(&before);
}

static uint8_t *map_window(int fd, size_t i)
{
	uint8_t *window = barspan_mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				       (off_t)(2 * i * page));

	ck_assert_ptr_ne(window, MAP_FAILED);
	return window;
}

static struct barspan_device *device_of(const void *window)
{
	struct barspan *span = barspan_find(window, NULL);

	ck_assert_ptr_nonnull(span);
	return barspan_device_of(span);
}

/* The process may have fewer descriptors than windows. */
START_TEST(many_windows_share_one_descriptor)
{
	static uint8_t *windows[WINDOWS];
	struct rlimit limit, all;
	unsigned long ioctls, links;

	set_up();
	ck_assert_zero(getrlimit(RLIMIT_NOFILE, &all));
	limit = all;
	limit.rlim_cur = 256;
	ck_assert_zero(setrlimit(RLIMIT_NOFILE, &limit));
	windows[0] = map_window(file, 0);
	ioctls = fake_count(FAKE_IOCTL);
	links = fake_count(FAKE_READLINK);
	for (size_t i = 1; i < WINDOWS; i++)
		windows[i] = map_window(file, i);
	ck_assert_uint_eq(fake_count(FAKE_IOCTL), ioctls);
	/* The library recognises the device by its open file. */
	ck_assert_uint_eq(fake_count(FAKE_READLINK), links);
	for (size_t i = 0; i < WINDOWS; i++) {
		ck_assert_ptr_eq(device_of(windows[i]), device_of(windows[0]));
		barspan_ptr_write32(windows[i], (uint32_t)i);
	}
	for (size_t i = 0; i < WINDOWS; i++) {
		uint32_t value = 0;

		ck_assert_int_eq(pread(file, &value, 4, (off_t)(2 * i * page)), 4);
		ck_assert_uint_eq(value, i);
		ck_assert_zero(barspan_munmap(windows[i], page));
	}
	ck_assert_zero(setrlimit(RLIMIT_NOFILE, &all));
	tear_down();
}
END_TEST

/* The descriptor's number alone says nothing: it may belong to another file by
 * now. */
START_TEST(another_file_is_another_device)
{
	uint8_t *first, *duplicate, *second;
	int own;

	set_up();
	own = fcntl(file, F_DUPFD_CLOEXEC, 0);
	first = map_window(own, 0);
	duplicate = map_window(file, 1);
	ck_assert_ptr_eq(device_of(first), device_of(duplicate));
	ck_assert_int_eq(dup3(other_file, own, O_CLOEXEC), own);
	second = map_window(own, 2);
	ck_assert_ptr_ne(device_of(first), device_of(second));
	close(own);
	/* Unmapping the last span of a device closes its descriptor. */
	ck_assert_zero(barspan_munmap(first, page));
	barspan_ptr_write32(duplicate, 5);
	ck_assert_zero(barspan_munmap(duplicate, page));
	ck_assert_zero(barspan_munmap(second, page));
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sharing");

	page = (size_t)sysconf(_SC_PAGESIZE);
	harness_add(suite, "sharing",
		    (const TTest *const[]){ many_windows_share_one_descriptor,
					    another_file_is_another_device, NULL });
	return harness_run(suite);
}
