/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/sys.h"

enum { SHIFT = 24, REGIONS = 9, CONFIG_SIZE = 4096 };

const struct barspan_range fixture_areas[FIXTURE_AREAS] = {
	{ 6, 2 }, { 0, 1 }, { 1, 2 }, { 4, 1 }, { 9, 3 }
};

static struct barspan_range areas[FIXTURE_AREAS]; /* in bytes */
static int memory = -1;				  /* of all devices but the software device */
static unsigned long operations, operation_to_fail;
static int operation_error;

uint8_t fixture_byte(unsigned int index, uint64_t offset)
{
	/* The status register says that there is a capability list. The list's
	 * only entry is MSI-X: two table entries at the start of region 3. */
	static const uint8_t config[256] = {
		[6] = 0x10, [0x34] = 0x40, [0x40] = 0x11, [0x42] = 1, [0x44] = 3
	};

	if (index == BARSPAN_CONFIG)
		return offset < sizeof(config) ? config[offset] : 0;
	return (uint8_t)(1 + index + offset * 7 + (offset >> 8) * 13);
}

static uint64_t size_of(unsigned int index)
{
	if (index == BARSPAN_CONFIG)
		return CONFIG_SIZE;
	return index < 2 ? FIXTURE_PAGES * sys_page_size() : 0;
}

static void fill_region(int fd, unsigned int index, uint64_t at)
{
	uint64_t size = size_of(index);
	uint8_t *bytes = malloc(size);

	for (uint64_t i = 0; i < size; i++)
		bytes[i] = fixture_byte(index, i);
	ck_assert_int_eq(pwrite(fd, bytes, size, (off_t)at), (ssize_t)size);
	free(bytes);
}

static void set_up(void)
{
	for (size_t i = 0; i < FIXTURE_AREAS; i++) {
		areas[i].offset = fixture_areas[i].offset * sys_page_size();
		areas[i].length = fixture_areas[i].length * sys_page_size();
	}
	operations = operation_to_fail = 0;
}

static void set_up_memory(void)
{
	set_up();
	if (memory >= 0)
		return;
	memory = memfd_create("fixture", MFD_CLOEXEC);
	ck_assert_int_ge(memory, 0);
	for (unsigned int i = 0; i < REGIONS; i++)
		if (size_of(i))
			fill_region(memory, i, (uint64_t)i << SHIFT);
}

void fixture_end(void)
{
	if (memory >= 0)
		close(memory);
	memory = -1;
}

static void describe_region(unsigned int index, struct barspan_region *out)
{
	memset(out, 0, sizeof(*out));
	out->size = size_of(index);
	out->flags = BARSPAN_REGION_READ | BARSPAN_REGION_WRITE;
	if (index == BARSPAN_CONFIG || !out->size)
		return;
	out->flags |= BARSPAN_REGION_MMAP | BARSPAN_REGION_SPARSE;
	out->n_areas = FIXTURE_AREAS;
	out->areas = areas;
}

int fixture_open_soft(struct barspan_device **out)
{
	struct barspan_soft_region regions[8] = { { .size = 0 } };
	int r;

	set_up();
	for (unsigned int i = 0; i < 8; i++) {
		struct barspan_region region;

		describe_region(i, &region);
		regions[i].size = region.size;
		regions[i].flags = region.flags;
		regions[i].n_areas = region.n_areas;
		regions[i].areas = region.areas;
	}
	r = harness_open_soft(out, regions, 8);
	for (unsigned int i = 0; !r && i < 8; i++)
		if (size_of(i))
			fill_region(barspan_soft_fd(*out, i), i, 0);
	return r;
}

unsigned long fixture_fail_operation(unsigned long n, int error)
{
	unsigned long before = operations;

	operations = 0;
	operation_to_fail = n;
	operation_error = error;
	return before;
}

static int next_operation(void)
{
	return ++operations == operation_to_fail ? operation_error : 0;
}

static int ops_region(void *context, unsigned int index, struct barspan_region *out)
{
	(void)context;
	describe_region(index, out);
	return next_operation();
}

static int ops_map(void *context, unsigned int index, uint64_t offset, size_t length, int prot,
		   void *address)
{
	off_t at = (off_t)(((uint64_t)index << SHIFT) + offset);
	int r = next_operation();

	(void)context;
	/* Linux unmaps the range before it asks the device. */
	if (r)
		munmap(address, length);
	else if (mmap(address, length, prot, MAP_SHARED | MAP_FIXED, memory, at) == MAP_FAILED)
		r = -errno;
	return r;
}

static int ops_read(void *context, unsigned int index, uint64_t offset, void *buffer, size_t length)
{
	int r = next_operation();

	(void)context;
	return r ? r : real_sys_pread(memory, buffer, length, ((uint64_t)index << SHIFT) + offset);
}

static int ops_write(void *context, unsigned int index, uint64_t offset, const void *buffer,
		     size_t length)
{
	int r = next_operation();

	(void)context;
	return r ? r : real_sys_pwrite(memory, buffer, length, ((uint64_t)index << SHIFT) + offset);
}

int fixture_open_ops(struct barspan_device **out)
{
	static const struct barspan_device_ops ops = {
		.size = sizeof(ops),
		.region = ops_region,
		.map = ops_map,
		.read = ops_read,
		.write = ops_write,
	};

	set_up_memory();
	return barspan_device_open_ops(out, &ops, NULL);
}

/* The capabilities are past the library's first buffer, which forces a second
 * request. */
enum { INFO_AT = 4096 };

static int region_info(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap *sparse = (void *)((uint8_t *)info + INFO_AT);
	uint32_t room = info->argsz;
	struct barspan_region region;

	describe_region(info->index, &region);
	info->size = region.size;
	info->offset = (uint64_t)info->index << SHIFT;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info->argsz = sizeof(*info);
	if (!region.n_areas)
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	info->argsz =
		(uint32_t)(INFO_AT + sizeof(*sparse) + FIXTURE_AREAS * sizeof(sparse->areas[0]));
	if (room < info->argsz)
		return 0;
	info->cap_offset = INFO_AT;
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = FIXTURE_AREAS;
	for (size_t i = 0; i < FIXTURE_AREAS; i++) {
		sparse->areas[i].offset = areas[i].offset;
		sparse->areas[i].size = areas[i].length;
	}
	return 0;
}

static int play_ioctl(int fd, unsigned long request, void *argument)
{
	struct vfio_device_info *info = argument;

	(void)fd;
	switch (request) {
	case VFIO_DEVICE_GET_INFO:
		info->flags = VFIO_DEVICE_FLAGS_PCI;
		info->num_regions = REGIONS;
		return 0;
	case VFIO_DEVICE_GET_REGION_INFO:
		return region_info(argument);
	case VFIO_GROUP_GET_STATUS:
		((struct vfio_group_status *)argument)->flags = VFIO_GROUP_FLAGS_VIABLE;
		return 0;
	case VFIO_GROUP_GET_DEVICE_FD:
		return fcntl(memory, F_DUPFD_CLOEXEC, 0);
	default:
		return 0;
	}
}

static bool has_groups;

static int play_open(const char *path, int flags)
{
	if (strncmp(path, "/dev/", 5))
		return real_sys_open(path, flags);
	return !strcmp(path, "/dev/vfio/7") && !has_groups ? -ENOENT
							   : fcntl(memory, F_DUPFD_CLOEXEC, 0);
}

static int play_readlink(const char *path, char *buffer, size_t length)
{
	const char *name = strrchr(path, '/') + 1;

	if (!strncmp(path, "/proc/", 6))
		snprintf(buffer, length, "anon_inode:[vfio-device]");
	else
		snprintf(buffer, length, "../x/%s", !strcmp(name, "iommu_group") ? "7" : name);
	return 0;
}

static int play_fstat(int fd, struct stat *out)
{
	(void)fd;
	memset(out, 0, sizeof(*out));
	return 0;
}

static int play_find_entry(const char *directory, const char *prefix, char *buffer, size_t length)
{
	(void)directory;
	snprintf(buffer, length, "%s0", prefix);
	return 0;
}

void fixture_play_vfio(bool groups)
{
	set_up_memory();
	has_groups = groups;
	fake_hooks.ioctl = play_ioctl;
	fake_hooks.open = play_open;
	fake_hooks.readlink = play_readlink;
	fake_hooks.fstat = play_fstat;
	fake_hooks.find_entry = play_find_entry;
}

int fixture_open_vfio(struct barspan_device **out)
{
	fixture_play_vfio(true);
	return barspan_device_open_vfio(out, memory);
}

int fixture_open_pci_group(struct barspan_device **out)
{
	fixture_play_vfio(true);
	return barspan_device_open_pci(out, "0000:01:00.0", NULL);
}

int fixture_open_pci_cdev(struct barspan_device **out)
{
	fixture_play_vfio(false);
	return barspan_device_open_pci(out, "01:00.0", NULL);
}

void *fixture_address(void)
{
	static uint8_t *address;
	size_t room = 1 << 28;

	if (address)
		return address;
	address = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert_ptr_ne(address, MAP_FAILED);
	ck_assert_zero(munmap(address, room));
	/* The kernel places new mappings at either end of such a gap, and tests
	 * make few. */
	address += room / 2;
	address += -(uintptr_t)address % (1 << 22);
	return address;
}

static void check_extent(const struct barspan *span, const struct barspan_extent *extent,
			 const uint8_t *bytes)
{
	const volatile uint8_t *pointer = barspan_pointer(span, extent->offset, extent->length);
	const volatile uint8_t *base = barspan_base(span);

	if (extent->kind == BARSPAN_HOLE) {
		ck_assert(!pointer);
		for (uint64_t at = 0; base && at < extent->length; at += sys_page_size())
			harness_assert_msg(
				!harness_can_read(base + extent->offset + at),
				"a hole, page %llu, can be read",
				(unsigned long long)((extent->offset + at) / sys_page_size()));
		return;
	}
	ck_assert(pointer);
	if (base)
		ck_assert_ptr_eq((const void *)(uintptr_t)pointer,
				 (const void *)(uintptr_t)(base + extent->offset));
	ck_assert_int_eq(
		memcmp((const void *)(uintptr_t)pointer, bytes + extent->offset, extent->length),
		0);
}

void fixture_check(struct barspan *span)
{
	uint64_t length = barspan_length(span), start = barspan_region_offset(span);
	uint8_t *bytes = malloc(length), *got = malloc(length);
	struct barspan_extent extent;

	for (uint64_t i = 0; i < length; i++)
		bytes[i] = fixture_byte(barspan_region_index(span), start + i);
	ck_assert_zero(barspan_read(span, 0, got, length));
	ck_assert_int_eq(memcmp(got, bytes, length), 0);
	for (size_t i = 0; !barspan_extent_get(span, i, &extent); i++)
		check_extent(span, &extent, bytes);
	free(got);
	free(bytes);
}
