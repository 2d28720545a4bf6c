/* SPDX-License-Identifier: BSD-3-Clause */
#include "legacy-fixture.h"

#include <errno.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <barspan/mmap.h>
#include <barspan/ptr.h>

#include "fake.h"

static const struct barspan_range areas[] = { { 0x1000, 0x2000 }, { 0x5000, 0x1000 } };
int file;
char *before;

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

int play_ioctl(int fd, unsigned long request, void *argument)
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

/* An anonymous inode has no file type. */
static int play_fstat(int fd, struct stat *out)
{
	int r = real_sys_fstat(fd, out);

	if (!r && fd == file)
		out->st_mode &= ~(mode_t)S_IFMT;
	return r;
}

/* The memory file would allow a mapping of the whole region; a device refuses
 * it. */
static int play_mmap(void **out, void *address, size_t length, int prot, int flags, int fd,
		     uint64_t offset)
{
	if (fd >= 0 && offset >= BAR2 && offset < BAR2 + SIZE)
		for (size_t at = 0; at < length; at += 0x1000) {
			uint64_t in = offset - BAR2 + at;

			if (in < 0x1000 || (in >= 0x3000 && in < 0x5000) || in >= 0x6000)
				return -EINVAL;
		}
	return real_sys_mmap(out, address, length, prot, flags, fd, offset);
}

void set_up(void)
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

void tear_down(void)
{
	if (file >= 0)
		close(file);
	fake_reset();
	harness_expect_unchanged(&before);
}

uint8_t *map_bar2(void)
{
	uint8_t *base = barspan_mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, BAR2);

	ck_assert_ptr_ne(base, MAP_FAILED);
	return base;
}

uint32_t read_file(uint64_t offset)
{
	uint32_t value = 0;

	ck_assert_int_eq(pread(file, &value, 4, (off_t)offset), 4);
	return value;
}
